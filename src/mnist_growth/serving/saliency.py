"""Which pixels spoke for an answer."""

import numpy as np
import torch
from numpy.typing import NDArray

from mnist_growth.network.mlp import PIXELS
from mnist_growth.serving.predictor import TorchPredictor


def saliency(predictor: TorchPredictor, image: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
    """Grey value times gradient of a digit's lead over all others, scaled so that the largest is 1 or -1.

    The lead is z_c - log(sum over the others of exp(z_k)), the logarithm of the odds p_c / (1 - p_c): unlike p_c itself
    it does not go flat where the network is sure. Gradient times input: A. Shrikumar, P. Greenside, A. Kundaje,
    *Learning important features through propagating activation differences*, ICML 2017, section 2.

    Args:
        predictor: The network.
        image: uint8 [28, 28], in MNIST form.
        digit: c.

    Returns:
        float32 [28, 28]; zeros where no pixel has any influence.
    """
    pixels = torch.from_numpy(image.reshape(1, PIXELS).astype(np.float32)).requires_grad_()
    logits = predictor.logits(pixels)[0]
    others = torch.cat([logits[:digit], logits[digit + 1 :]])
    (gradient,) = torch.autograd.grad(logits[digit] - torch.logsumexp(others, dim=0), pixels)
    influence = (gradient * pixels.detach()).reshape(image.shape).numpy()
    largest = np.abs(influence).max()
    scaled: NDArray[np.float32] = influence / largest if largest > 0 else np.zeros_like(influence)
    return scaled
