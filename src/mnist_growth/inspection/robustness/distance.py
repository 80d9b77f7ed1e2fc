"""The smallest change of an image that a network errs on."""

from collections.abc import Iterator

import torch
from torch import Tensor

from mnist_growth.inspection.boundary_search import crossings, leads_over, nearest_class
from mnist_growth.inspection.robustness.attacks import Norm, direction, norms
from mnist_growth.inspection.robustness.margins import Logits, gradient, logit_margin

_OVERSHOOT = 1.02  # of a step to a linearised boundary, which a curved one may lie behind
_MORE_OVERSHOOT = 0.1  # added for every further step, so that steps cut off at 0 and 1 arrive in the end
_BISECTIONS = 14  # halvings of the segment between an image and an adversarial example


def smallest_changes(
    logits: Logits, pixels: Tensor, labels: Tensor, norm: Norm, *, steps: int, refinements: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ever smaller changes that make a network err, and their norms.

    DeepFool (Moosavi-Dezfooli, Fawzi and Frossard, CVPR 2016, algorithm 2) steps to the nearest linearised boundary
    until an image is misclassified, and bisection finds the boundary on the way back. Each refinement linearises the
    network at that point of the boundary and searches in the direction of the nearest point of the plane. The norm is
    an upper bound of the distance to the boundary; for a linear network it is the distance itself, except where pixels
    would leave 0 to 1.

    Args:
        logits: A network.
        pixels: Float [N, 28, 28], from 0 to 1.
        labels: int64 [N].
        norm: Of the changes.
        steps: Largest number of steps of DeepFool.
        refinements: Number of refinements.

    Yields:
        At first, and after each step and refinement: adversarial examples, float [N, 28, 28], and the norms of the
        changes [N]; 0 for images that are misclassified as they are, infinite where no adversarial example is known.
    """
    examples, sizes = pixels.clone(), pixels.new_full((len(pixels),), torch.inf)
    moved = pixels.clone()
    with torch.no_grad():
        sizes[logit_margin(logits(pixels), labels) < 0] = 0
    yield examples, sizes
    for step in range(steps):
        rows = torch.nonzero(sizes == torch.inf)[:, 0]
        if len(rows) == 0:
            break
        moved[rows] = (
            moved[rows]
            + (_OVERSHOOT + _MORE_OVERSHOOT * step) * _to_nearest_plane(logits, moved[rows], labels[rows], norm)
        ).clamp(0, 1)
        _keep(logits, pixels, labels, norm, rows, moved[rows], examples, sizes)
        yield examples, sizes
    for _ in range(refinements):
        rows = torch.nonzero((sizes > 0) & (sizes < torch.inf))[:, 0]
        if len(rows) == 0:
            break
        at = examples[rows]
        normal, _ = gradient(logits, at, labels[rows], logit_margin)
        # The plane through the point of the boundary: its distance from the image, along the direction of the norm.
        gap = (normal * (at - pixels[rows])).flatten(1).sum(1)
        guess = pixels[rows] + _OVERSHOOT * _step(_free(normal, pixels[rows]), gap, norm)
        _keep(logits, pixels, labels, norm, rows, guess.clamp(0, 1), examples, sizes)
        yield examples, sizes


def _keep(
    logits: Logits,
    pixels: Tensor,
    labels: Tensor,
    norm: Norm,
    rows: Tensor,
    found: Tensor,
    examples: Tensor,
    sizes: Tensor,
) -> None:
    """Keep points that are adversarial and, after bisection towards the images, nearer than those known so far."""
    with torch.no_grad():
        wrong = logit_margin(logits(found), labels[rows]) < 0
        rows, found = rows[wrong], found[wrong]
        if len(rows) == 0:
            return
        original, truth = pixels[rows], labels[rows]
        found = nearest_mistakes(logits, original, found, truth)
        size = norms(found - original, norm)
        nearer = size < sizes[rows]
        examples[rows[nearer]], sizes[rows[nearer]] = found[nearer], size[nearer]


def nearest_mistakes(logits: Logits, pixels: Tensor, examples: Tensor, labels: Tensor) -> Tensor:
    """Return the point next to the boundary on the segment from each image to its adversarial example, by bisection.

    Args:
        logits: A network.
        pixels: Float [N, 28, 28], from 0 to 1.
        examples: Float [N, 28, 28], misclassified.
        labels: int64 [N].

    Returns:
        Float [N, 28, 28], misclassified.
    """
    return crossings(lambda points: logit_margin(logits(points), labels) < 0, pixels, examples, _BISECTIONS)


def _to_nearest_plane(logits: Logits, pixels: Tensor, labels: Tensor, norm: Norm) -> Tensor:
    """Return the smallest change to the nearest boundary of the linearised network [N, 28, 28]."""
    gradients, leads = leads_over(logits, pixels, labels)
    normals = _free(-gradients, pixels[:, None])  # a pixel moves against the lead of the label
    lengths = _dual_norms(normals.flatten(0, 1), norm).view_as(leads).clamp(min=1e-12)
    nearest = nearest_class(leads, lengths, labels)
    number = torch.arange(len(labels), device=labels.device)
    return _step(normals[number, nearest], leads[number, nearest], norm)


def _free(normal: Tensor, pixels: Tensor) -> Tensor:
    """Return the gradient of a lead without the pixels that cannot move against it, being 0 or 1 already."""
    return normal.masked_fill(((pixels <= 0) & (normal > 0)) | ((pixels >= 1) & (normal < 0)), 0)


def _step(normal: Tensor, gap: Tensor, norm: Norm) -> Tensor:
    """Return the smallest change c with <normal, c> = gap [N, 28, 28]."""
    size = (gap / _dual_norms(normal, norm).clamp(min=1e-12))[:, None, None]
    return size * direction(normal, norm)


def _dual_norms(normal: Tensor, norm: Norm) -> Tensor:
    """Return the largest change of a linear function with this gradient under changes of norm 1 [N]."""
    flat = normal.flatten(1)
    return flat.abs().sum(1) if norm == "linf" else torch.linalg.vector_norm(flat, dim=1)
