"""What an attribution explains: the lead of a class, which is its log-odds."""

from collections.abc import Callable

import torch
from torch import Tensor

from mnist_growth.inspection.log_odds import log_odds

Logits = Callable[[Tensor], Tensor]
"""A network in evaluation mode: from grey values, float [N, 28, 28], to logits, float [N, C]."""

CHUNK = 2_000
"""Images per pass, to limit memory."""


def leads(network: Logits, images: Tensor, classes: Tensor) -> Tensor:
    """Return the lead of one class of each image, float [N], in chunks and without gradients."""
    with torch.no_grad():
        pairs = zip(torch.split(images, CHUNK), torch.split(classes, CHUNK), strict=True)
        return torch.cat([log_odds(network(chunk), some) for chunk, some in pairs])


def lead_gradients(network: Logits, images: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients of the leads with respect to the grey values, and the leads.

    Args:
        network: Maps each image independently of the others.
        images: Grey values, float [N, 28, 28].
        classes: Whose lead, int64 [N].

    Returns:
        Float [N, 28, 28] and float [N], without a graph.
    """
    gradients, values = [], []
    for chunk, some in zip(torch.split(images, CHUNK), torch.split(classes, CHUNK), strict=True):
        with torch.enable_grad():
            pixels = chunk.detach().requires_grad_()
            ahead = log_odds(network(pixels), some)
            (gradient,) = torch.autograd.grad(ahead.sum(), pixels)
        gradients.append(gradient)
        values.append(ahead.detach())
    return torch.cat(gradients), torch.cat(values)
