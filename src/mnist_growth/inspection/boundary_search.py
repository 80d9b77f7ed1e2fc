"""Searching the decision boundary of a network: its linear approximation at a point, and bisection of a line."""

from collections.abc import Callable

import torch
from torch import Tensor

Logits = Callable[[Tensor], Tensor]
"""Maps images, float [N, 28, 28], to logits, float [N, C]; it can be differentiated."""


def leads_over(logits: Logits, points: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """Return how far each class is ahead of one class, z_k - z_c, with the gradients with respect to the pixels.

    Where such a lead is 0 is the boundary between the two classes; DeepFool (S.-M. Moosavi-Dezfooli, A. Fawzi,
    P. Frossard, CVPR 2016, algorithm 2) steps to the nearest of these boundaries of the linearised network.

    Args:
        logits: Maps each image independently of the others.
        points: Float [N, 28, 28].
        classes: c, int64 [N].

    Returns:
        Gradients, float [N, C, 28, 28], and leads, float [N, C], without a graph.
    """
    with torch.enable_grad():
        pixels = points.detach().requires_grad_()
        outputs = logits(pixels)
        leads = outputs - outputs.gather(1, classes[:, None])
        gradients = [torch.autograd.grad(column.sum(), pixels, retain_graph=True)[0] for column in leads.unbind(dim=1)]
    return torch.stack(gradients, dim=1), leads.detach()


def nearest_class(leads: Tensor, lengths: Tensor, classes: Tensor) -> Tensor:
    """Return the class with the nearest linearised boundary, int64 [N].

    Args:
        leads: Of every class over one class, float [N, C].
        lengths: Positive lengths of their gradients, in the norm dual to that of the distance, float [N, C].
        classes: The class that the others are compared with, int64 [N].
    """
    return (leads.abs() / lengths).scatter(1, classes[:, None], torch.inf).argmin(dim=1)


@torch.no_grad()
def crossings(is_beyond: Callable[[Tensor], Tensor], inside: Tensor, beyond: Tensor, halvings: int) -> Tensor:
    """Return the points just beyond a boundary on segments that cross it, by bisection.

    Args:
        is_beyond: Whether points, float [N, 28, 28], are beyond the boundary, bool [N].
        inside: Ends of the segments that are not beyond the boundary, float [N, 28, 28].
        beyond: Ends that are.
        halvings: Number of halvings of each segment.
    """
    low, high = inside.new_zeros(len(inside)), inside.new_ones(len(inside))
    for _ in range(halvings):
        middle = (low + high) / 2
        outside = is_beyond(torch.lerp(inside, beyond, middle[:, None, None]))
        low, high = torch.where(outside, low, middle), torch.where(outside, middle, high)
    return torch.lerp(inside, beyond, high[:, None, None])
