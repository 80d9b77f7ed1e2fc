"""A narrow network in the space of the parameters of the wider one that it grew into."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from mnist_growth.growth.widening import blank_like
from mnist_growth.network import Network


@torch.no_grad()
def embedded(network: Network, wider: Network) -> Network:
    """Return a network of the wider one's sizes that computes the function of the narrow one exactly.

    Old units keep their positions, as growth appends new ones. New units have the incoming weights, biases and
    normalisations that they have in the wider network, and outgoing weights of zero to all old units, so that they
    contribute nothing. Between new units, weights are those of the wider network.

    Args:
        network: Before a growth; not changed.
        wider: After it, preferably just after, so that new units are as they were born; not changed.

    Raises:
        ValueError: The networks have other groups of units, or a group is smaller in the wider network.
    """
    sizes = list(zip(network.unit_groups(), wider.unit_groups(), strict=False))
    if len(network.widths) != len(wider.widths) or any(new.size < old.size for old, new in sizes):
        raise ValueError(
            f"A network of widths {list(network.widths)} cannot be embedded in one of {list(wider.widths)}; expected "
            "the same layers, each at least as wide"
        )
    with torch.random.fork_rng(devices=[]):  # modules draw initial weights that are replaced
        result = blank_like(network, wider.widths)
    state, born = result.state_dict(), wider.state_dict()
    for name, old in network.state_dict().items():
        axes = [(axis, group, after) for group, after in sizes for axis in after.axes if axis.tensor == name]
        if not axes:
            state[name].copy_(old)
            continue
        state[name].zero_()
        for axis, group, after in axes:
            if axis.role != "outgoing":
                new = axis.indices(torch.arange(group.size, after.size)).to(old.device)
                state[name].index_copy_(axis.axis, new, born[name].to(old.device).index_select(axis.axis, new))
        _leading_block(state[name], old.shape).copy_(old)
    return result


def _leading_block(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """Return a view of the first entries along every axis."""
    for axis, length in enumerate(shape):
        tensor = tensor.narrow(axis, 0, length)
    return tensor


def embedded_in_last(networks: Sequence[Network]) -> Iterator[Network]:
    """Yield networks along a training, each embedded in the space of the last one.

    A network is embedded step by step: in the first later network that is wider, then in the next that is wider still.

    Args:
        networks: In the order of the training, with the same groups of units.

    Raises:
        ValueError: A layer becomes narrower.
    """
    first_of_its_size = [
        index for index, network in enumerate(networks) if index == 0 or network.widths != networks[index - 1].widths
    ]
    for index, network in enumerate(networks):
        found = network
        for later in (each for each in first_of_its_size if each > index):
            found = embedded(found, networks[later])
        yield found
