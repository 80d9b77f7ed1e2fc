"""Widening a group of units: a description of the change, and its application to a network.

A block of two layers computes z = W2 relu(norm(W1 h + b1)) + b2. Widening the hidden units between them appends rows to
W1 and b1 (the incoming side of the added units) and columns to W2 (their outgoing side).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from mnist_growth.machine import DispatchMode
from mnist_growth.network import Network, Role, UnitAxis, UnitGroup, build

NEW = -1
"""Value of ``Widening.source`` for an added unit that copies no old unit."""

_WEIGHTS: tuple[Role, ...] = ("incoming", "bias", "outgoing")


@dataclass(frozen=True)
class Widening:
    """How a group of w units becomes one of w + k.

    An added unit is either new, with weights of its own, or a copy of an old unit: it then has the same entries on the
    incoming side and in normalisations, and the outgoing weights are divided equally among the old unit and its copies.

    Attributes:
        group: The group before it is widened.
        source: int64 [w + k], on the CPU: the old unit that each unit is or copies, NEW for a new unit. The first w
            entries are 0, ..., w - 1.
        new: Entries of the n new units in every tensor with an incoming, bias or outgoing axis, by its name; shaped
            like the tensor, with n times the entries of a unit along the axis.
        noise: Added to outgoing tensors after their entries were divided, by name; shaped like the wider tensor.

    Raises:
        ValueError: A tensor has several axes over the group.
    """

    group: UnitGroup
    source: Tensor
    new: Mapping[str, Tensor]
    noise: Mapping[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = Counter(axis.tensor for axis in self.group.axes)
        if repeated := [tensor for tensor, count in counts.items() if count > 1]:
            raise ValueError(
                f"The tensor {repeated[0]} has {counts[repeated[0]]} axes over the group {self.group.name}; "
                "widening supports one axis per tensor and group"
            )

    @classmethod
    def of_new(cls, network: Network, group: UnitGroup, count: int, new: Mapping[str, Tensor]) -> "Widening":
        """Keep every old unit as it is; all added units are new.

        Args:
            network: The network to widen.
            group: One of its groups of units.
            count: Number of new units, k.
            new: As in the attribute, in any floating dtype and on any device; tensors that are not named start at 0.
        """
        source = torch.cat([torch.arange(group.size), torch.full((count,), NEW)])
        return cls(group, source, _new_entries(network, group, count, new))

    @classmethod
    def of_copies(cls, network: Network, group: UnitGroup, source: Tensor, noise: Mapping[str, Tensor]) -> "Widening":
        """Let every added unit be a copy of an old one.

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
            _new_entries(network, group, 0, {}),
            {name: value.to(tensors[name]) for name, value in noise.items()},
        )

    @property
    def copies(self) -> Tensor:
        """For each unit, how many units (itself included) have the same source, int64 [w + k]; 1 for new units."""
        old = self.source[self.source != NEW]
        counts = torch.bincount(old)[self.source.clamp(min=0)]
        return torch.where(self.source == NEW, 1, counts)


def _new_entries(network: Network, group: UnitGroup, count: int, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the given entries in the dtype and on the device of the network, and zeros for the others."""
    tensors = network.state_dict()
    entries = {}
    for axis in group.axes:
        if axis.role in _WEIGHTS:
            like = tensors[axis.tensor]
            shape = shape_with_units(like, axis, count)
            entries[axis.tensor] = given[axis.tensor].to(like) if axis.tensor in given else like.new_zeros(shape)
    return entries


def shape_with_units(tensor: Tensor, axis: UnitAxis, units: int) -> list[int]:
    """Return the shape of a tensor with another number of units along an axis."""
    shape = list(tensor.shape)
    shape[axis.axis] = units * axis.entries
    return shape


@torch.no_grad()
def widen(network: Network, widening: Widening) -> Network:
    """Widen one group of units.

    Old units come first. If none is copied, the leading block of every tensor is bit-equal to the old tensor. Entries
    of new units in normalisations are those of a new network: weight 1, bias 0, running mean 0, running variance 1.

    Args:
        network: The network to widen; it is not changed.
        widening: Description of the change.

    Returns:
        A new network on the same device, in the same training or evaluation mode.
    """
    group, copies = widening.group, widening.copies
    widths = list(network.widths)
    widths[network.group_index(group)] = len(widening.source)
    wider = blank_like(network, widths)
    copied = (widening.source != NEW).nonzero().squeeze(1)
    new = (widening.source == NEW).nonzero().squeeze(1)
    state = wider.state_dict()
    for name, old in network.state_dict().items():
        axis = widening.group.axis_of(name)
        if axis is None:
            state[name].copy_(old)
            continue
        kept = axis.select(old, widening.source[copied])
        state[name].index_copy_(axis.axis, axis.indices(copied).to(old.device), kept)
        if axis.role == "outgoing":
            state[name] /= along(axis, copies, state[name])
            if name in widening.noise:
                state[name] += widening.noise[name]
        if name in widening.new:
            state[name].index_copy_(axis.axis, axis.indices(new).to(old.device), widening.new[name])
    return wider


def along(axis: UnitAxis, per_unit: Tensor, tensor: Tensor) -> Tensor:
    """Return one value per unit, shaped for broadcasting along an axis of a tensor, with its dtype and device."""
    shape = [1] * tensor.ndim
    shape[axis.axis] = -1
    return per_unit.repeat_interleave(axis.entries).to(tensor).reshape(shape)


def blank_like(network: Network, widths: Sequence[int]) -> Network:
    """Return a network of other widths with the same kind, dtype, device and mode; its weights are 0."""
    with _NoRandomNumbers():
        blank = build(network.spec.with_widths(widths), network.pixels, torch.Generator())
    return blank.to(network.device, network.dtype).train(network.training)


class _NoRandomNumbers(DispatchMode):  # type: ignore[no-untyped-call]
    """Context in which initial weights are 0: drawing random ones, which are replaced, would take most of the time."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Fill with zeros instead of random numbers."""
        if func in (torch.ops.aten.uniform_.default, torch.ops.aten.normal_.default):
            return args[0].zero_()
        return func(*args, **(kwargs or {}))
