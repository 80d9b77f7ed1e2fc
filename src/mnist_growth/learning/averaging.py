"""Exponential moving average (EMA) of a network's weights."""

import copy

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

from mnist_growth.network import Network


def averaged_copy(network: Network) -> Network:
    """Return a copy in evaluation mode without gradients: the average before the first update."""
    return copy.deepcopy(network).eval().requires_grad_(False)


@torch.no_grad()
def update_average(average: Network, network: Network, decay: float, updates: int, span: float = 1) -> None:
    """Move the average towards the network, in place: average <- d^span average + (1 - d^span) network.

    While few updates have been made, d is the smaller (1 + updates) / (10 + updates), so that the random initial
    weights soon lose their influence. The running statistics of batch norm are averaged in the same way.

    Args:
        average: The network that holds the averages.
        network: The network being trained, of the same widths.
        decay: d, in [0, 1); 0 makes the average equal to the network.
        updates: Number of weight updates before the latest one.
        span: Number of weight updates since the last call.
    """
    average_of = get_ema_multi_avg_fn(min(decay, (1 + updates) / (10 + updates)) ** span)  # type: ignore[no-untyped-call]
    averages = average.state_dict()
    pairs = [(averages[name], current) for name, current in network.state_dict().items()]
    floating = [(old, new) for old, new in pairs if old.is_floating_point()]
    average_of([old for old, _ in floating], [new for _, new in floating], updates)
    for old, new in pairs:
        if not old.is_floating_point():
            old.copy_(new)  # the number of batches that batch norm has seen
