"""Putting the units of one network into the order of those of another."""

import copy

import torch
from torch import Tensor

from mnist_growth.network import Network, Role, UnitGroup
from mnist_growth.progress import track

_COMPARED: tuple[Role, ...] = ("incoming", "bias", "outgoing", "scale", "shift")
"""Entries that decide which units are alike: all but the statistics, which follow from the others."""


@torch.no_grad()
def matched(network: Network, reference: Network, seed: int, max_rounds: int = 50) -> Network:
    """Return a network with its units permuted such that its weights are as close to a reference as can be found.

    The permutation changes the order of the units, not the function. Weight matching by coordinate descent: the groups
    of units are visited in random order, and each is matched while the others stay as they are, until no group changes
    (Ainsworth, Hayase and Srinivasa, "Git re-basin: merging models modulo permutation symmetries", ICLR 2023, algorithm
    1). Every such step maximises the inner product of the weights, a linear assignment.

    Args:
        network: Not changed.
        reference: Of the same kind and sizes.
        seed: Of the order of the groups.
        max_rounds: Largest number of visits to every group.
    """
    generator = torch.Generator().manual_seed(seed)
    groups, found = network.unit_groups(), network
    for _ in track(range(max_rounds), max_rounds):
        changed = False
        for index in torch.randperm(len(groups), generator=generator).tolist():
            order = _assignment(found, reference, groups[index])
            if not torch.equal(order, torch.arange(len(order))):
                found, changed = permuted(found, groups[index], order), True
        if not changed:
            break
    return found


@torch.no_grad()
def permuted(network: Network, group: UnitGroup, order: Tensor) -> Network:
    """Return the same function with the units of a group in another order.

    Args:
        network: Not changed.
        group: One of its groups.
        order: The unit that comes to each position, int64 [units].
    """
    result = copy.deepcopy(network)
    state = dict(network.state_dict())
    for axis in group.axes:
        tensor = state[axis.tensor]
        state[axis.tensor] = axis.select(tensor, order)
    result.load_state_dict(state)
    return result


def _assignment(network: Network, reference: Network, group: UnitGroup) -> Tensor:
    """Return which unit of the network is most like the unit at each position of the reference."""
    from scipy.optimize import linear_sum_assignment  # imported here: slow, and few commands need it

    state, other = network.state_dict(), reference.state_dict()
    gain = torch.zeros(group.size, group.size, dtype=torch.float64)
    for axis in group.axes:
        if axis.role in _COMPARED:
            ours, theirs = (
                each[axis.tensor].movedim(axis.axis, 0).reshape(group.size, -1).double().cpu()
                for each in (state, other)
            )
            gain += theirs @ ours.T
    return torch.from_numpy(linear_sum_assignment(gain.numpy(), maximize=True)[1])
