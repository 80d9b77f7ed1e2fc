"""A network as a function of pixels from 0 to 1, how far a class is ahead of the others, and gradients of both."""

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mnist_growth.inspection.log_odds import log_odds
from mnist_growth.network import FoldedChain, Network, evaluation_mode
from mnist_growth.network.interface import PIXEL_RANGE

Logits = Callable[[Tensor], Tensor]
"""Maps images, float [N, 28, 28] with pixels from 0 to 1, to logits, float [N, C]; it can be differentiated."""


@contextlib.contextmanager
def logits_of(network: Network) -> Iterator[Logits]:
    """Yield a network in evaluation mode as a function of pixels from 0 to 1.

    A chain of affine maps has its normalisations folded into the matrices, which is faster.
    """
    layers = network.affine_chain()
    with evaluation_mode(network):
        if layers is not None and network.device.type == "cpu" and network.dtype == torch.float32:
            chain = FoldedChain(layers)
            yield lambda pixels: chain(pixels * PIXEL_RANGE)
        else:
            yield lambda pixels: network(pixels * PIXEL_RANGE)


def wrong_odds(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the logarithm of the odds of all wrong classes together, log((1 - p_y) / p_y) [N].

    The cross-entropy is log(1 + exp of it), an increasing function: both have the same gradient but for a positive
    factor. That factor is rounded to 0 where the network is certain, and with it the gradient of the cross-entropy; the
    odds have a gradient everywhere, so that rounding cannot be mistaken for robustness.

    Args:
        logits: Float [N, C].
        labels: y, int64 [N].
    """
    return -log_odds(logits, labels)


def logit_margin(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the logit of each label minus the largest other logit [N]; it is negative for a mistake."""
    others = logits.scatter(1, labels[:, None], -torch.inf)
    return logits.gather(1, labels[:, None])[:, 0] - others.amax(dim=1)


def gradient(
    logits: Logits, pixels: Tensor, labels: Tensor, loss: Callable[[Tensor, Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Return the gradient of each image's own loss with respect to its pixels, and the logits.

    Args:
        logits: A network.
        pixels: Float [N, 28, 28].
        labels: int64 [N].
        loss: Maps logits [N, C] and labels to losses [N]; each depends on its own row only.

    Returns:
        Float [N, 28, 28] and [N, C], detached.
    """
    with torch.enable_grad():
        inputs = pixels.detach().requires_grad_()
        outputs = logits(inputs)
        (found,) = torch.autograd.grad(loss(outputs, labels).sum(), inputs)
    return found, outputs.detach()
