"""Directions in the space of the parameters."""

import torch
from torch import Tensor

from mnist_growth.inspection.landscape.weights import WeightSpace
from mnist_growth.network import Network


def filter_normalised(network: Network, generator: torch.Generator) -> Tensor:
    """Return a random direction in which each unit's weights have the norm that they have in the network, float [P].

    The incoming weights of each unit, and of each logit, are a filter: a Gaussian vector is scaled to the norm of each
    filter (Li, Xu, Taylor, Studer and Goldstein, "Visualizing the loss landscape of neural nets", NeurIPS 2018, section
    4). As in the paper, biases and the scales and shifts of normalisations have no part in the direction. A distance of
    1 is thus a change of 100 % of the weights of every unit.

    Args:
        network: Any kind; not changed.
        generator: On the CPU.
    """
    axes = {axis.tensor: axis for group in network.unit_groups() for axis in group.of_role("incoming")}
    parts = []
    for name, parameter in network.named_parameters():
        weight = parameter.detach()
        drawn = torch.randn(weight.shape, generator=generator).to(weight)
        if weight.ndim < 2:
            drawn.zero_()
        else:
            axis, entries = (axes[name].axis, axes[name].entries) if name in axes else (0, 1)
            filters = weight.movedim(axis, 0).reshape(weight.shape[axis] // entries, -1)
            lengths = drawn.movedim(axis, 0).reshape(len(filters), -1).norm(dim=1)
            scale = (filters.norm(dim=1) / lengths).repeat_interleave(entries)
            drawn *= scale.reshape([-1 if each == axis else 1 for each in range(weight.ndim)])
        parts.append(drawn.reshape(-1))
    return torch.cat(parts)


def random_plane(network: Network, seed: int) -> tuple[Tensor, Tensor]:
    """Return two filter-normalised random directions; in so many dimensions they are nearly orthogonal."""
    generator = torch.Generator().manual_seed(seed)
    return filter_normalised(network, generator), filter_normalised(network, generator)


def origin(network: Network) -> Tensor:
    """Return the parameters of a network, float [P]."""
    return WeightSpace(network).vector()
