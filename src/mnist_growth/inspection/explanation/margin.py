"""Distance of digits from the decision boundary."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mnist_growth.inspection.boundary_search import crossings, leads_over, nearest_class
from mnist_growth.inspection.explanation.target import Logits
from mnist_growth.network.interface import PIXEL_RANGE

_MAX_STEPS = 50  # of DeepFool
_OVERSHOOT = 0.02  # of the first step, so that it crosses the boundary; each later step adds as much
_BISECTIONS = 20  # of a line that crosses the boundary
_PROJECTIONS = 8  # onto the tangent plane of the boundary
_REACH = 2.0  # how far beyond the tangent plane the boundary is looked for, as a multiple of the distance to the plane


@dataclass(frozen=True, eq=False)
class Margins:
    """The nearest points of another class that were found.

    Attributes:
        distance: Euclidean distance of the image, on the scale 0 to 1 of the grey values, float [N]; infinite where
            none was found. It is an upper bound of the distance to the boundary.
        classes: Class of the point, int64 [N].
        points: Grey values, not limited to 0 to 255, float [N, 28, 28].
    """

    distance: Tensor
    classes: Tensor
    points: Tensor


def margins(network: Logits, images: Tensor, classes: Tensor, targets: Tensor | None = None) -> Margins:
    """Return for each image the nearest point that is found on the other side of the decision boundary.

    DeepFool (S.-M. Moosavi-Dezfooli, A. Fawzi, P. Frossard, CVPR 2016, algorithm 2) finds a point beyond the boundary
    by linear steps. It is then moved along the boundary: the image is projected onto the tangent plane at the
    crossing, and the boundary is looked for along that line. For a linear network the distance is exact.

    Args:
        network: Maps grey values to logits.
        images: Grey values, float [N, 28, 28].
        classes: Class that the network gives each image, int64 [N].
        targets: Class on the other side, int64 [N]; any other one if None.
    """
    images = images.detach()
    found = _deepfool(network, images, classes, targets)
    outside = _is_outside(network, found, classes, targets)
    points = _crossing(network, images, found, classes, targets)
    for _ in range(_PROJECTIONS):
        slopes, _ = _differences(network, points, classes, targets)
        normal, rise = slopes, ((points - images) * slopes).sum(dim=(1, 2))
        scale = rise / normal.square().sum(dim=(1, 2)).clamp(min=torch.finfo(images.dtype).tiny)
        far = images + _REACH * scale.reshape(-1, 1, 1) * normal
        crossed = _is_outside(network, far, classes, targets)
        nearer = _crossing(network, images, far, classes, targets)
        better = crossed & (_length(nearer - images) < _length(points - images))
        if not better.any():
            break
        points = torch.where(better.reshape(-1, 1, 1), nearer, points)
    distance = torch.where(outside, _length(points - images) / PIXEL_RANGE, torch.inf)
    with torch.no_grad():
        return Margins(distance, network(points).argmax(dim=1), points)


def _deepfool(network: Logits, images: Tensor, classes: Tensor, targets: Tensor | None) -> Tensor:
    """Return points beyond the boundary, found by steps to the boundary of the network's linear approximation."""
    points = images.clone()
    for step in range(1, _MAX_STEPS + 1):
        inside = ~_is_outside(network, points, classes, targets)
        if not inside.any():
            break
        some = None if targets is None else targets[inside]
        slopes, values = _differences(network, points[inside], classes[inside], some)
        squares = slopes.square().sum(dim=(1, 2)).clamp(min=torch.finfo(images.dtype).tiny)
        # The smallest step that still crosses in the dtype of the images.
        amount = (1 + _OVERSHOOT * step) * (-values + torch.finfo(images.dtype).eps * (1 + values.abs())) / squares
        points[inside] = points[inside] + amount.reshape(-1, 1, 1) * slopes
    return points


def _differences(network: Logits, points: Tensor, classes: Tensor, targets: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return gradient [N, 28, 28] and value [N] of z_k - z_c for the class k whose linear boundary is nearest.

    With targets t they are those of z_t - z_k for the class k with the largest other logit.
    """
    if targets is not None:
        with torch.enable_grad():
            pixels = points.detach().requires_grad_()
            logits = network(pixels)
            target = targets.unsqueeze(1)
            best_other = logits.scatter(1, target, -torch.inf).amax(dim=1)
            difference = logits.gather(1, target).squeeze(1) - best_other
            (gradient,) = torch.autograd.grad(difference.sum(), pixels)
            return gradient, difference.detach()
    gradients, values = leads_over(network, points, classes)
    lengths = gradients.flatten(2).norm(dim=2).clamp(min=torch.finfo(points.dtype).tiny)
    nearest = nearest_class(values, lengths, classes)
    rows = torch.arange(len(points), device=points.device)
    return gradients[rows, nearest], values[rows, nearest]


@torch.no_grad()
def _is_outside(network: Logits, points: Tensor, classes: Tensor, targets: Tensor | None) -> Tensor:
    """Return whether points have another class, or the target, bool [N]."""
    found = network(points).argmax(dim=1)
    return found != classes if targets is None else found == targets


def _crossing(network: Logits, images: Tensor, far: Tensor, classes: Tensor, targets: Tensor | None) -> Tensor:
    """Return the points just beyond the boundary on the lines from images to points beyond it."""
    return crossings(lambda points: _is_outside(network, points, classes, targets), images, far, _BISECTIONS)


def _length(vectors: Tensor) -> Tensor:
    lengths: Tensor = vectors.flatten(1).norm(dim=1)
    return lengths
