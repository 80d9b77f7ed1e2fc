"""Integrated gradients: the difference of a lead between an image and a baseline, shared among the pixels."""

from typing import Literal

import torch
from torch import Tensor

from mnist_growth.inspection.explanation.target import CHUNK, Logits, lead_gradients, leads

Rule = Literal["trapezoid", "kinks"]


def integrated_gradients(
    network: Logits, images: Tensor, classes: Tensor, *, baseline: Tensor, steps: int, rule: Rule = "kinks"
) -> Tensor:
    """Return (x - x') times the mean gradient of the lead along the straight line from a baseline x' to the image x.

    The attributions of an image add up to the difference of the lead between image and baseline (completeness; M.
    Sundararajan, A. Taly, Q. Yan, *Axiomatic attribution for deep networks*, ICML 2017, section 3), as far as the
    integral is exact. Along the line a network of relus is linear between kinks, where a unit switches: its
    gradient jumps there, and any fixed quadrature converges with 1 / steps only. The rule ``kinks`` takes the
    gradients at both ends of each step, and finds from the values and slopes at the ends where the jump between them is:
    with at most one kink in a step it is exact. The weights of a step stay between 0 and its length.

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
    for chunk, some in zip(images.split(block), classes.split(block), strict=True):
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
    length = 1 / (len(values) - 1)
    first = torch.full_like(values[1:], length / 2)
    if rule == "kinks":
        # The lines through both ends meet at the kink: values[k] + slopes[k] t = values[k+1] - slopes[k+1] (length - t).
        jump = slopes[:-1] - slopes[1:]
        kink = (values[1:] - values[:-1] - length * slopes[1:]) / jump
        first = torch.where(jump.abs() > 0, kink, first).clamp(0, length)
    weights = torch.zeros_like(values)
    weights[:-1] += first
    weights[1:] += length - first
    return weights


def completeness_errors(
    network: Logits, images: Tensor, classes: Tensor, baseline: Tensor, attributions: Tensor
) -> Tensor:
    """Return by how much the attributions miss the difference of the lead, as a share of that difference, float [N]."""
    there = leads(network, baseline.expand_as(images), classes)
    difference = (leads(network, images, classes) - there).double()
    return (attributions.double().sum(dim=(1, 2)) - difference).abs() / difference.abs()


def complete_integrated_gradients(
    network: Logits,
    images: Tensor,
    classes: Tensor,
    *,
    baseline: Tensor,
    steps: int,
    max_steps: int,
    max_error: float,
) -> Tensor:
    """Return integrated gradients, with more steps for the images whose completeness error is too large.

    Args:
        network: Maps grey values to logits.
        images: Grey values, float [N, 28, 28].
        classes: Explained class of each image, int64 [N].
        baseline: Grey values, float [28, 28].
        steps: First number of steps; it doubles until the error is small enough.
        max_steps: Largest number of steps.
        max_error: Largest completeness error, as a share of the difference of the lead.

    Returns:
        Float [N, 28, 28], as ``integrated_gradients``.
    """
    results = torch.empty_like(images)
    open_images = torch.arange(len(images), device=images.device)
    while len(open_images):
        some, their = images[open_images], classes[open_images]
        results[open_images] = integrated_gradients(network, some, their, baseline=baseline, steps=steps)
        errors = completeness_errors(network, some, their, baseline, results[open_images])
        open_images = open_images[errors > max_error]
        steps *= 2
        if steps > max_steps:
            break
    return results
