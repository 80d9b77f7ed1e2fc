"""Widening a group of units: what becomes of its units, applied to a network.

A block of two layers computes z = W2 relu(norm(W1 h + b1)) + b2. Widening the layer between them appends rows to W1
and b1 (the incoming side of new units) and columns to W2 (their outgoing side).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mnist_growth.network import Network, Role, UnitAxis, UnitGroup, build

BORN = -1
_WEIGHTS: tuple[Role, ...] = ("incoming", "bias", "outgoing")


@dataclass(frozen=True)
class Widening:
    """How a group of w units becomes one of w + k.

    A new unit is born, with weights of its own, or continues an old unit: it copies the entries on the incoming side
    and those of normalisations, and the outgoing weights are shared out evenly among all units that continue the same
    one.

    Attributes:
        group: The group before it is widened.
        source: int64 [w + k], on the CPU; the old unit that each unit continues, BORN for none. The first w units
            continue themselves.
        born: Entries of the b born units in every tensor with an incoming, bias or outgoing axis, by its name; shaped
            like the tensor, with b times the entries of a unit along the axis.
        noise: Added to outgoing tensors after their entries were shared out, by name; shaped like the wider tensor.
    """

    group: UnitGroup
    source: Tensor
    born: Mapping[str, Tensor]
    noise: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of_born(cls, network: Network, group: UnitGroup, count: int, born: Mapping[str, Tensor]) -> "Widening":
        """Leave every old unit as it is; all new ones are born.

        Args:
            network: The network to widen.
            group: One of its groups of units.
            count: Number of new units, k.
            born: As in the attribute, in any floating dtype and on any device; tensors that are not named start at 0.
        """
        source = torch.cat([torch.arange(group.size), torch.full((count,), BORN)])
        return cls(group, source, _born(network, group, count, born))

    @classmethod
    def of_copies(cls, network: Network, group: UnitGroup, source: Tensor, noise: Mapping[str, Tensor]) -> "Widening":
        """Let every new unit continue an old one.

        Args:
            network: The network to widen.
            group: One of its groups of units.
            source: As in the attribute.
            noise: As in the attribute, in any floating dtype and on any device.
        """
        tensors = network.state_dict()
        return cls(
            group,
            source,
            _born(network, group, 0, {}),
            {name: value.to(tensors[name]) for name, value in noise.items()},
        )

    @property
    def copies(self) -> Tensor:
        """Number of units, int64 [w + k], that continue the same old unit as each unit does; 1 for born ones."""
        old = self.source[self.source != BORN]
        counts = torch.bincount(old)[self.source.clamp(min=0)]
        return torch.where(self.source == BORN, 1, counts)

    def axis_of(self, tensor: str) -> UnitAxis | None:
        """Return the axis over the units of the group that a tensor has, if it has one."""
        return next((axis for axis in self.group.axes if axis.tensor == tensor), None)


def _born(network: Network, group: UnitGroup, count: int, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the given entries in the dtype and on the device of the network, and zeros for the others."""
    tensors = network.state_dict()
    born = {}
    for axis in group.axes:
        if axis.role in _WEIGHTS:
            like = tensors[axis.tensor]
            shape = shape_with_units(like, axis, count)
            born[axis.tensor] = given[axis.tensor].to(like) if axis.tensor in given else like.new_zeros(shape)
    return born


def shape_with_units(tensor: Tensor, axis: UnitAxis, units: int) -> list[int]:
    """Return the shape of a tensor with another number of units along an axis."""
    shape = list(tensor.shape)
    shape[axis.axis] = units * axis.entries
    return shape


@torch.no_grad()
def widen(network: Network, widening: Widening) -> Network:
    """Widen one group of units.

    Old units stay in front. Where none is copied, every old entry stands bit-equal in the leading block of its tensor.
    Entries of born units in normalisations are those of a new network: weight 1, bias 0, running mean 0, running
    variance 1.

    Args:
        network: The network to widen; it is not changed.
        widening: What becomes of the units.

    Returns:
        A new network on the same device, in the same training or evaluation mode.
    """
    group, copies = widening.group, widening.copies
    widths = list(network.widths)
    widths[network.group_index(group)] = len(widening.source)
    wider = blank_like(network, widths)
    continuing = (widening.source != BORN).nonzero().squeeze(1)
    born = (widening.source == BORN).nonzero().squeeze(1)
    state = wider.state_dict()
    for name, old in network.state_dict().items():
        axis = widening.axis_of(name)
        if axis is None:
            state[name].copy_(old)
            continue
        kept = old.index_select(axis.axis, axis.indices(widening.source[continuing]).to(old.device))
        state[name].index_copy_(axis.axis, axis.indices(continuing).to(old.device), kept)
        if axis.role == "outgoing":
            state[name] /= along(axis, copies, state[name])
            if name in widening.noise:
                state[name] += widening.noise[name]
        if name in widening.born:
            state[name].index_copy_(axis.axis, axis.indices(born).to(old.device), widening.born[name])
    return wider


def along(axis: UnitAxis, per_unit: Tensor, tensor: Tensor) -> Tensor:
    """Return one value per unit, shaped to be broadcast along an axis of a tensor, with its dtype and device."""
    shape = [1] * tensor.ndim
    shape[axis.axis] = -1
    return per_unit.repeat_interleave(axis.entries).to(tensor).reshape(shape)


def blank_like(network: Network, widths: Sequence[int]) -> Network:
    """Return a network of other widths that is otherwise alike: kind, dtype, device and mode."""
    blank = build(network.spec.with_widths(widths), network.pixels, torch.Generator())
    return blank.to(network.device, network.dtype).train(network.training)
