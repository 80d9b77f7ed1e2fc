"""What an attribution explains: by how much a network prefers one class to all others."""

from collections.abc import Callable

import torch
from torch import Tensor

Logits = Callable[[Tensor], Tensor]
"""A network in evaluation mode: from grey values, float [N, 28, 28], to logits, float [N, C]."""

CHUNK = 2_000
"""Images per pass, to limit memory."""


def lead(logits: Tensor, classes: Tensor) -> Tensor:
    """Return the lead z_c - log(sum over the others of exp(z_k)) of one class of each image, float [N].

    It is the log-odds of the class, log(p_c / (1 - p_c)). Unlike p_c it does not saturate where the network is certain,
    and unlike z_c alone it depends on the differences between logits only. The gradient of the cross-entropy L = -log
    p_c is -(1 - p_c) times that of the lead, so that both give the same map up to the scale.

    Args:
        logits: Float [N, C].
        classes: c of each image, int64 [N].
    """
    own = classes.unsqueeze(1)
    others = logits.scatter(1, own, float("-inf"))
    return logits.gather(1, own).squeeze(1) - torch.logsumexp(others, dim=1)


def leads(network: Logits, images: Tensor, classes: Tensor) -> Tensor:
    """Return the lead of one class of each image, float [N], in chunks and without gradients."""
    with torch.no_grad():
        pairs = zip(torch.split(images, CHUNK), torch.split(classes, CHUNK), strict=True)
        return torch.cat([lead(network(chunk), some) for chunk, some in pairs])


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
            ahead = lead(network(pixels), some)
            (gradient,) = torch.autograd.grad(ahead.sum(), pixels)
        gradients.append(gradient)
        values.append(ahead.detach())
    return torch.cat(gradients), torch.cat(values)
