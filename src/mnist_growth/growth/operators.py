"""Growth operators: how new units are initialised. Those here need nothing but the network."""

from collections.abc import Mapping

import torch
from torch import Tensor

from mnist_growth.growth.widening import Widening, shape_with_units
from mnist_growth.network import Network, UnitAxis, UnitGroup

SPLIT_NOISE = 0.5
"""Noise on the outgoing entries of a split, as a multiple of the range that a new layer's weights are drawn from."""


def zero_fan_out(network: Network, group: UnitGroup, count: int, generator: torch.Generator) -> Widening:
    """Add units with random incoming and zero outgoing weights.

    W1' = [W1; A] with A uniform in +-1 / sqrt(fan-in), as the layer was initialised; W2' = [W2, 0]. The function is
    preserved exactly. In the first step A has no gradient; only the zero columns do.

    Args:
        network: The network to grow; it is not changed.
        group: The group of units to widen.
        count: Number of new units, k.
        generator: Source of A, on the CPU.
    """
    return Widening.of_new(network, group, count, random_incoming(network, group, count, generator))


def paired(network: Network, group: UnitGroup, count: int, generator: torch.Generator) -> Widening:
    """Add units in pairs with equal incoming and opposite outgoing weights.

    W1' = [W1; V; V], W2' = [W2, Z, -Z], V and Z random as in a new layer. The function is preserved, and both sides
    have a gradient from the first step on. If ``count`` is odd, the last unit has no partner and zero fan-out.

    Args:
        network: The network to grow; it is not changed.
        group: The group of units to widen.
        count: Number of new units, k.
        generator: Source of V and Z, on the CPU.

    Raises:
        ValueError: The function would change.
    """
    check_additive(group)
    tensors = network.state_dict()
    pairs, single = divmod(count, 2)
    new: dict[str, Tensor] = {}
    for axis in group.of_role("incoming"):
        drawn = random_units(tensors[axis.tensor], axis, pairs + single, generator)
        pair = drawn.narrow(axis.axis, 0, pairs * axis.entries)
        rest = drawn.narrow(axis.axis, pairs * axis.entries, single * axis.entries)
        new[axis.tensor] = torch.cat([pair, pair, rest], dim=axis.axis)
    for axis in group.of_role("outgoing"):
        like = tensors[axis.tensor]
        drawn = random_units(like, axis, pairs, generator, wider_by=count)
        rest = torch.zeros(shape_with_units(like, axis, single))
        new[axis.tensor] = torch.cat([drawn, -drawn, rest], dim=axis.axis)
    return Widening.of_new(network, group, count, new)


def random_fan_in_and_out(network: Network, group: UnitGroup, count: int, generator: torch.Generator) -> Widening:
    """Add units with random weights on both sides, as in a new layer: the function is NOT preserved.

    The control that the other operators are compared with.

    Args:
        network: The network to grow; it is not changed.
        group: The group of units to widen.
        count: Number of new units, k.
        generator: Source of the weights, on the CPU.
    """
    tensors = network.state_dict()
    new = dict(random_incoming(network, group, count, generator))
    for axis in group.of_role("outgoing"):
        new[axis.tensor] = random_units(tensors[axis.tensor], axis, count, generator, wider_by=count)
    return Widening.of_new(network, group, count, new)


def net2net_split(network: Network, group: UnitGroup, count: int, generator: torch.Generator) -> Widening:
    """Add units that are copies of old ones (Net2WiderNet: Chen, Goodfellow and Shlens 2016, section 2.2).

    Unit j is a copy of the old unit g(j). Incoming weights are copied; outgoing weights are divided by the number of
    copies of g(j). The old units to copy are drawn without replacement, so that their numbers of copies differ by at
    most one. The copies of a unit differ by noise on their outgoing entries that sums to zero over them: unlike noise
    on the incoming side, it preserves the function. The function of the moving average of the network, whose own
    weights are copied and divided in the same way, is preserved too.

    Args:
        network: The network to grow; it is not changed.
        group: The group of units to widen.
        count: Number of new units, k.
        generator: Source of g and of the noise, on the CPU.

    Raises:
        ValueError: The function would change.
    """
    check_additive(group)
    tensors = network.state_dict()
    rounds, rest = divmod(count, group.size)
    drawn = [torch.arange(group.size).repeat(rounds), torch.randperm(group.size, generator=generator)[:rest]]
    source = torch.cat([torch.arange(group.size), torch.cat(drawn).sort().values])
    noise = {
        axis.tensor: _split_noise(tensors[axis.tensor], axis, source, generator) for axis in group.of_role("outgoing")
    }
    return Widening.of_copies(network, group, source, noise)


def check_additive(group: UnitGroup) -> None:
    """Refuse copies and pairs of units whose outputs are not simply added up.

    Raises:
        ValueError: They would change the function.
    """
    if not group.is_additive:
        raise ValueError(
            f"The units of {group.name} are weighted by what they send, so that copies and pairs of them change the "
            "function; choose another growth.operator"
        )


def _split_noise(tensor: Tensor, axis: UnitAxis, source: Tensor, generator: torch.Generator) -> Tensor:
    """Return float64 noise for the wider tensor that sums to zero over the copies of each unit."""
    units = len(source)
    grown = units - tensor.shape[axis.axis] // axis.entries
    # In double precision, so that the noise sums to zero accurately enough for a float64 network.
    drawn = SPLIT_NOISE * random_units(tensor, axis, units, generator, wider_by=grown).double()
    last = drawn.movedim(axis.axis, -1)
    noise = last.reshape(*last.shape[:-1], units, axis.entries)
    copies = torch.bincount(source)
    sums = noise.new_zeros(*noise.shape[:-2], len(copies), axis.entries).index_add_(-2, source, noise)
    noise = noise - (sums / copies.unsqueeze(1))[..., source, :]
    noise[..., (copies == 1)[source], :] = 0  # a unit without copies stays bit-equal
    return noise.reshape(last.shape).movedim(-1, axis.axis)


def random_incoming(network: Network, group: UnitGroup, count: int, generator: torch.Generator) -> Mapping[str, Tensor]:
    """Return incoming weights of new units as in a new layer, by the names of their tensors; biases start at 0."""
    tensors = network.state_dict()
    return {
        axis.tensor: random_units(tensors[axis.tensor], axis, count, generator) for axis in group.of_role("incoming")
    }


def random_units(
    tensor: Tensor, axis: UnitAxis, count: int, generator: torch.Generator, *, wider_by: int = 0
) -> Tensor:
    """Return float32 weights for ``count`` units as in a new layer: uniform in +-1 / sqrt(fan-in).

    Args:
        tensor: Weights, float [outputs, inputs], with an axis over the units.
        axis: That axis.
        count: Number of units to draw.
        generator: On the CPU.
        wider_by: Number of units by which the inputs of the tensor grow, for an outgoing axis.
    """
    shape = shape_with_units(tensor, axis, count)
    fan_in = tensor.shape[1] if axis.axis == 0 else tensor.shape[1] + wider_by * axis.entries
    return torch.empty(shape).uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)
