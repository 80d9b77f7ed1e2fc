"""Exponential moving average (EMA) of a network's weights."""

import copy

import torch
from torch import Tensor

from mnist_growth.network import Network


def averaged_copy(network: Network) -> Network:
    """Return a copy in evaluation mode without gradients: the average before the first update."""
    return copy.deepcopy(network).eval().requires_grad_(False)


def kept_share(decay: float, updates: int, span: float = 1) -> float:
    """Return the share of the old average that is kept: d^span.

    While few updates have been made, d is the smaller (1 + updates) / (10 + updates), so that the random initial
    weights soon lose their influence.

    Args:
        decay: d, in [0, 1); 0 makes the average equal to the network.
        updates: Number of weight updates before the latest one.
        span: Number of weight updates since the last average.
    """
    return float(min(decay, (1 + updates) / (10 + updates)) ** span)


@torch.no_grad()
def update_average(average: Network, network: Network, kept: float | Tensor) -> None:
    """Move the average towards the network, in place: average <- kept average + (1 - kept) network.

    The running statistics of batch norm are averaged in the same way.

    Args:
        average: The network that holds the averages.
        network: The network being trained, of the same widths.
        kept: Share of the old average, as from ``kept_share``. To record the average as a CUDA graph, give a scalar
            tensor.
    """
    averages = average.state_dict()
    pairs = [(averages[name], current) for name, current in network.state_dict().items()]
    old, new = zip(*[pair for pair in pairs if pair[0].is_floating_point()], strict=True)
    moved = 1 - kept
    # A single tensor would be read by the host.
    torch._foreach_lerp_(old, new, [moved] * len(old) if isinstance(moved, Tensor) else moved)
    for old_count, count in pairs:
        if not old_count.is_floating_point():
            old_count.copy_(count)  # the number of batches that batch norm has seen
