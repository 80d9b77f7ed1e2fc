"""Activations of the units of every group."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mnist_growth.inspection.cohorts import followers
from mnist_growth.inspection.explanation.target import CHUNK
from mnist_growth.network import Network, UnitAxis, record


def activation_axes(network: Network) -> list[UnitAxis]:
    """Return for each group of units an axis of an affine map whose inputs are their activations.

    Raises:
        ValueError: The units of a group are not followed by affine maps.
    """
    return [followers(network, group)[0] for group in network.unit_groups()]


def forward(network: Network, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Return logits, float [N, C], and the activations of each group as the next affine map receives them.

    Args:
        network: In evaluation mode.
        images: Grey values, float [N, 28, 28]; if they require a gradient, the activations are part of its graph.
    """
    axes = activation_axes(network)
    with record(network, inputs=[axis.module for axis in axes]) as recorded:
        logits = network(images)
    return logits, [recorded.inputs[axis.module] for axis in axes]


def per_unit(values: Tensor, axis: UnitAxis, images: int) -> Tensor:
    """Return values of the inputs of an affine map as [N, places, units, entries].

    Args:
        values: Float [N, ..., units * entries], such as activations or their gradients.
        axis: The units among the inputs.
        images: N.
    """
    return values.reshape(images, -1, values.shape[-1] // axis.entries, axis.entries)


@torch.no_grad()
def unit_activations(network: Network, images: Tensor) -> Sequence[Tensor]:
    """Return the activation of each unit of each group, float [N, units], the mean over its places and entries."""
    axes = activation_axes(network)
    parts = []
    for chunk in torch.split(images, CHUNK):
        _, activations = forward(network, chunk)
        found = zip(activations, axes, strict=True)
        parts.append([per_unit(values, axis, len(chunk)).mean(dim=(1, 3)) for values, axis in found])
    return [torch.cat(group) for group in zip(*parts, strict=True)]
