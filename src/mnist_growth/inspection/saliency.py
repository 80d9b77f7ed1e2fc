"""Which pixels are evidence for an answer."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def saliency(logits: Callable[[Tensor], Tensor], image: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
    """Return grey value times gradient of a digit's lead over all others, scaled so that the largest is 1 or -1.

    The lead is z_c - log(sum over the others of exp(z_k)), the logarithm of the odds p_c / (1 - p_c): unlike p_c itself
    it does not saturate where the network is certain. Gradient times input: A. Shrikumar, P. Greenside, A. Kundaje,
    *Learning important features through propagating activation differences*, ICML 2017, section 2.

    Args:
        logits: A network in evaluation mode: from grey values, float32 [N, 28, 28], to logits, float32 [N, 10].
        image: uint8 [28, 28], in MNIST form.
        digit: c.

    Returns:
        float32 [28, 28]; zeros where no pixel has any influence.
    """
    pixels = torch.from_numpy(image[np.newaxis].astype(np.float32)).requires_grad_()
    [outputs] = logits(pixels)
    others = torch.cat([outputs[:digit], outputs[digit + 1 :]])
    (gradient,) = torch.autograd.grad(outputs[digit] - torch.logsumexp(others, dim=0), pixels)
    influence = (gradient * pixels.detach())[0].numpy()
    largest = np.abs(influence).max()
    scaled: NDArray[np.float32] = influence / largest if largest > 0 else np.zeros_like(influence)
    return scaled
