"""What each unit contributes to a prediction."""

import torch
from torch import Tensor

from mnist_growth.inspection.explanation.activations import activation_axes, forward, per_unit
from mnist_growth.inspection.explanation.target import CHUNK
from mnist_growth.inspection.log_odds import log_odds
from mnist_growth.network import Network


def conductance(network: Network, images: Tensor, classes: Tensor, *, baseline: Tensor, steps: int) -> list[Tensor]:
    """Return the part of each unit in the difference of the lead between a baseline and an image.

    It is the integral of dlead/da da along the straight line, for the activation a of the unit: K. Dhamdhere, M.
    Sundararajan, Q. Yan, *How important is a neuron?*, ICLR 2019, section 2, in the form of A. Shrikumar, J. Su, A.
    Kundaje, *Computationally efficient measures of internal neuron importance*, 2018. If everything goes through a
    group of units, their conductances add up to the difference.

    Args:
        network: In evaluation mode.
        images: Grey values, float [N, 28, 28].
        classes: Explained class of each image, int64 [N].
        baseline: Grey values, float [28, 28].
        steps: Steps of equal length along the line.

    Returns:
        For each group of units, float [N, units].
    """
    axes = activation_axes(network)
    parts = []
    block = max(1, CHUNK // (steps + 1))
    alphas = torch.linspace(0, 1, steps + 1, dtype=images.dtype, device=images.device).reshape(-1, 1, 1, 1)
    for chunk, some in zip(torch.split(images, block), torch.split(classes, block), strict=True):
        points = (baseline + alphas * (chunk - baseline)).flatten(0, 1)
        with torch.enable_grad():
            logits, activations = forward(network, points.detach().requires_grad_())
            ahead = log_odds(logits, some.repeat(steps + 1))
            slopes = torch.autograd.grad(ahead.sum(), activations)
        found = []
        for values, slope, axis in zip(activations, slopes, axes, strict=True):
            at = values.detach().reshape(steps + 1, len(chunk), *values.shape[1:])
            slope = slope.reshape(at.shape)
            rises = (slope[1:] + slope[:-1]) / 2 * (at[1:] - at[:-1])
            found.append(per_unit(rises.sum(dim=0), axis, len(chunk)).sum(dim=(1, 3)))
        parts.append(found)
    return [torch.cat(group) for group in zip(*parts, strict=True)]
