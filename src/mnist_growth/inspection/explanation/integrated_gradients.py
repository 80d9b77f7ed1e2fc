"""Integrated gradients: the difference of a lead between an image and a baseline, shared among the pixels."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mnist_growth.inspection.explanation.target import CHUNK, Logits, lead_gradients, leads

Rule = Literal["trapezoid", "kinks"]
_MAX_BISECTIONS = 12  # of a step


def integrated_gradients(
    network: Logits, images: Tensor, classes: Tensor, *, baseline: Tensor, steps: int, rule: Rule = "kinks"
) -> Tensor:
    """Return (x - x') times the mean gradient of the lead along the straight line from a baseline x' to the image x.

    The attributions of an image add up to the difference of the lead between image and baseline (completeness; M.
    Sundararajan, A. Taly, Q. Yan, *Axiomatic attribution for deep networks*, ICML 2017, section 3), as far as the
    integral is exact. The gradient of a network of relus jumps along the line wherever a unit switches, so that any
    fixed quadrature converges with 1 / steps only. The rule ``kinks`` takes the gradients at both ends of each step,
    and finds from the values and slopes there where the gradient jumps in between: for logits it is exact with at most
    one jump in a step. The weights of a step stay between 0 and its length.

    Args:
        network: Maps grey values to logits.
        images: x, grey values, float [N, 28, 28].
        classes: Explained class of each image, int64 [N].
        baseline: x', grey values, float [28, 28].
        steps: Steps of equal length along the line; there is one gradient at each of their ends.
        rule: How the gradients at the two ends of a step are weighted: half each, or by the place of the kink.

    Returns:
        Float [N, 28, 28]: positive pixels support the class compared with the baseline, negative ones oppose it.
    """
    results = []
    block = max(1, CHUNK // (steps + 1))
    alphas = torch.linspace(0, 1, steps + 1, dtype=images.dtype, device=images.device).reshape(-1, 1, 1, 1)
    for chunk, some in zip(torch.split(images, block), torch.split(classes, block), strict=True):
        change = chunk - baseline
        points = baseline + alphas * change  # [steps + 1, B, 28, 28]
        gradients, values = lead_gradients(network, points.flatten(0, 1), some.repeat(steps + 1))
        gradients, values = gradients.reshape(points.shape), values.reshape(steps + 1, -1)
        slopes = (gradients * change).sum(dim=(2, 3))
        weights = _weights(values, slopes, rule)
        results.append(change * torch.einsum("sn,snij->nij", weights, gradients))
    return torch.cat(results)


def _weights(values: Tensor, slopes: Tensor, rule: Rule) -> Tensor:
    """Return the weight of each gradient, float [steps + 1, N], whose sum for an image is 1.

    Args:
        values: Leads at the ends of the steps, float [steps + 1, N].
        slopes: Derivatives of the leads along the line, float [steps + 1, N].
        rule: See above.
    """
    length = torch.full_like(values[1:], 1 / (len(values) - 1))
    is_trapezoid = rule == "trapezoid"
    first = length / 2 if is_trapezoid else _first_weight(values[:-1], values[1:], slopes[:-1], slopes[1:], length)
    weights = torch.zeros_like(values)
    weights[:-1] += first
    weights[1:] += length - first
    return weights


def _first_weight(value: Tensor, next_value: Tensor, slope: Tensor, next_slope: Tensor, length: Tensor) -> Tensor:
    """Return the weight of the gradient at the start of each step, from 0 to the length of the step.

    The tangents at both ends meet where the gradient jumps, a length t after the start:
    value + slope t = next_value - next_slope (length - t).
    """
    jump = slope - next_slope
    place = (next_value - value - length * next_slope) / jump
    return torch.where(jump.abs() > 0, place, length / 2).clamp(min=torch.zeros_like(length), max=length)


def completeness_errors(
    network: Logits, images: Tensor, classes: Tensor, baseline: Tensor, attributions: Tensor
) -> Tensor:
    """Return by how much the attributions miss the difference of the lead, as a share of that difference, float [N]."""
    there = leads(network, baseline.expand_as(images), classes)
    difference = (leads(network, images, classes) - there).double()
    return (attributions.double().sum(dim=(1, 2)) - difference).abs() / difference.abs()


def complete_integrated_gradients(
    network: Logits, images: Tensor, classes: Tensor, *, baseline: Tensor, steps: int, max_error: float
) -> Tensor:
    """Return integrated gradients that are complete, with more gradients where a step is not.

    The rule ``kinks`` of ``integrated_gradients`` misses the difference of the lead only in a step with several jumps
    of the gradient; such a step is halved until it is complete.

    Args:
        network: Maps grey values to logits.
        images: x, grey values, float [N, 28, 28].
        classes: Explained class of each image, int64 [N].
        baseline: x', grey values, float [28, 28].
        steps: First number of steps.
        max_error: Largest completeness error, as a share of the difference of the lead; rounding in the dtype of the
            images comes on top of it.

    Returns:
        Float [N, 28, 28], as ``integrated_gradients``.
    """
    block = max(1, CHUNK // (steps + 1))
    pairs = zip(torch.split(images, block), torch.split(classes, block), strict=True)
    return torch.cat([_complete(network, chunk, some, baseline, steps, max_error) for chunk, some in pairs])


def _complete(
    network: Logits, images: Tensor, classes: Tensor, baseline: Tensor, steps: int, max_error: float
) -> Tensor:
    change = images - baseline
    alphas = torch.linspace(0, 1, steps + 1, dtype=images.dtype, device=images.device)

    def ends(which: Tensor, places: Tensor) -> _Ends:
        points = baseline + places.reshape(-1, 1, 1) * change[which]
        gradients, values = lead_gradients(network, points, classes[which])
        return _Ends(places, values, (gradients * change[which]).sum(dim=(1, 2)), gradients)

    everyone = torch.arange(len(images), device=images.device)
    nodes = ends(everyone.repeat(steps + 1), alphas.repeat_interleave(len(images)))
    values = nodes.values.reshape(steps + 1, -1)
    rounding = 2 * torch.finfo(images.dtype).eps * values.abs().amax(dim=0)
    allowed = max_error * (values[-1] - values[0]).abs() / steps + rounding
    which, left, right = everyone.repeat(steps), nodes[: -len(images)], nodes[len(images) :]
    mean = torch.zeros_like(images)
    for bisection in range(_MAX_BISECTIONS + 1):
        length = right.places - left.places
        first = _first_weight(left.values, right.values, left.slopes, right.slopes, length)
        rise = first * left.slopes + (length - first) * right.slopes
        is_open = (right.values - left.values - rise).abs() > allowed[which]
        if bisection == _MAX_BISECTIONS:
            is_open[:] = False
        done = ~is_open
        share = first.reshape(-1, 1, 1) * left.gradients + (length - first).reshape(-1, 1, 1) * right.gradients
        mean.index_add_(0, which[done], share[done])
        if done.all():
            break
        which, left, right = which[is_open], left[is_open], right[is_open]
        middle = ends(which, (left.places + right.places) / 2)
        which, left, right = which.repeat(2), left.joined(middle), middle.joined(right)
    return change * mean


@dataclass(frozen=True)
class _Ends:
    """Ends of steps: place on the line from 0 to 1, lead, its derivative along the line, and gradient."""

    places: Tensor
    values: Tensor
    slopes: Tensor
    gradients: Tensor

    def __getitem__(self, chosen: Tensor | slice) -> "_Ends":
        return _Ends(self.places[chosen], self.values[chosen], self.slopes[chosen], self.gradients[chosen])

    def joined(self, other: "_Ends") -> "_Ends":
        """Return these ends and then the other ones."""
        names = ("places", "values", "slopes", "gradients")
        return _Ends(*(torch.cat([getattr(self, name), getattr(other, name)]) for name in names))
