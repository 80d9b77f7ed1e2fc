"""Narrowing a group of units, the inverse of widening: whole units leave, and others take over what they contributed.

A block of two layers computes z = W2 h + b2, h = relu(norm(W1 x + b1)). When a unit j leaves, its activation is
replaced by a linear combination of the activations of the kept units and a constant, h_j ~ T_j h_kept + s_j, which goes
into the outgoing side: W2' = W2_kept + W2_j T_j and b2' = b2 + W2_j s_j.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mnist_growth.growth.widening import blank_like
from mnist_growth.network import Network, UnitAxis, UnitGroup


@dataclass(frozen=True)
class Narrowing:
    """How a group of w units becomes one of k.

    Attributes:
        group: The group before it is narrowed; a unit has e entries on its outgoing side.
        kept: int64 [k], on the CPU: the units that stay, in ascending order.
        transfer: float64 [(w - k) e, k e]: row j has the coefficients T_j of one entry of a unit that leaves, in
            ascending order.
        shift: float64 [(w - k) e]: the constants s_j.

    Raises:
        ValueError: No unit is kept.
    """

    group: UnitGroup
    kept: Tensor
    transfer: Tensor
    shift: Tensor

    def __post_init__(self) -> None:
        if len(self.kept) == 0:
            raise ValueError(f"All {self.group.size} units of {self.group.name} would leave; keep at least one")

    @classmethod
    def dropping(cls, group: UnitGroup, kept: Tensor) -> "Narrowing":
        """Let units leave without compensation: exact if they are zero, or if nothing takes them in."""
        leaving, entries = group.size - len(kept), entries_of(group)
        zeros = torch.zeros(leaving * entries, len(kept) * entries, dtype=torch.float64)
        return cls(group, kept, zeros, torch.zeros(leaving * entries, dtype=torch.float64))

    @classmethod
    def merging(cls, group: UnitGroup, source: Tensor) -> "Narrowing":
        """Let every unit that copies another one leave; the outgoing weights of copies are added.

        Args:
            group: The group before it is narrowed.
            source: Result of ``duplicates``.
        """
        kept = torch.unique(source)
        leaving = source[(source != torch.arange(group.size))]
        coefficients = (leaving.unsqueeze(1) == kept).double()
        transfer = torch.kron(coefficients, torch.eye(entries_of(group), dtype=torch.float64))
        return cls(group, kept, transfer, torch.zeros(len(transfer), dtype=torch.float64))

    @property
    def leaving(self) -> Tensor:
        """The units that leave, int64 [w - k], in ascending order."""
        stays = torch.zeros(self.group.size, dtype=torch.bool)
        stays[self.kept] = True
        return (~stays).nonzero().flatten()


def entries_of(group: UnitGroup) -> int:
    """Return the number of entries that a unit has on its outgoing side.

    Raises:
        ValueError: The outgoing axes of the group differ in it, or there are none.
    """
    entries = {axis.entries for axis in group.of_role("outgoing")}
    if len(entries) != 1:
        raise ValueError(
            f"The units of {group.name} have {sorted(entries)} entries on their outgoing sides; narrowing supports one "
            "number of entries"
        )
    return entries.pop()


def duplicates(network: Network, group: UnitGroup) -> Tensor:
    """Return for each unit the first one that always has the same activation, int64 [w], on the CPU.

    Units with bit-equal incoming weights, biases and normalisations are copies of each other.
    """
    tensors = network.state_dict()
    sides = []
    for axis in group.axes:
        if axis.role != "outgoing":
            entries = tensors[axis.tensor].movedim(axis.axis, 0).cpu().double()
            sides.append(entries.reshape(group.size, -1))
    _, class_of = torch.unique(torch.cat(sides, dim=1), dim=0, return_inverse=True)
    first = torch.full((group.size,), group.size).scatter_reduce(0, class_of, torch.arange(group.size), "amin")
    return first[class_of]


def accepts_constants(network: Network, group: UnitGroup) -> bool:
    """Return whether every layer after a group has a bias, or a running mean, that can take in a constant."""
    return all(_constant(network, axis) is not None for axis in group.of_role("outgoing"))


@torch.no_grad()
def narrow(network: Network, narrowing: Narrowing) -> Network:
    """Narrow one group of units.

    Every entry that belongs to kept units alone is bit-equal to the old one. A constant goes into the bias of the next
    layer or, where batch norm replaces it, with the opposite sign into its running mean.

    Args:
        network: The network to narrow; it is not changed.
        narrowing: Description of the change.

    Returns:
        A new network on the same device, in the same training or evaluation mode.

    Raises:
        ValueError: A constant is not zero, and the next layer cannot take one in.
    """
    group = narrowing.group
    widths = list(network.widths)
    widths[network.group_index(group)] = len(narrowing.kept)
    narrower = blank_like(network, widths)
    state = narrower.state_dict()
    for name, old in network.state_dict().items():
        axis = group.axis_of(name)
        state[name].copy_(old if axis is None else axis.select(old, narrowing.kept))
    for axis in group.of_role("outgoing"):
        lost = axis.select(network.state_dict()[axis.tensor], narrowing.leaving).movedim(axis.axis, -1).double()
        taken_over = (lost @ narrowing.transfer.to(lost.device)).movedim(-1, axis.axis)
        state[axis.tensor].copy_(state[axis.tensor].double() + taken_over)
        _add_constant(network, state, axis, lost @ narrowing.shift.to(lost.device))
    return narrower


def _add_constant(network: Network, state: dict[str, Tensor], axis: UnitAxis, constant: Tensor) -> None:
    """Add a constant, float64 [outputs], to the sums of the layer after a group, in the state of a narrower network."""
    if not constant.any():
        return
    found = _constant(network, axis)
    if found is None:
        raise ValueError(
            f"The sums of {axis.module} have neither a bias nor a running mean: the units before it can only leave "
            "without a constant"
        )
    name, sign = found
    state[name].copy_(state[name].double() + sign * constant)


def _constant(network: Network, axis: UnitAxis) -> tuple[str, int] | None:
    """Return the tensor that takes in a constant input of an outgoing tensor, and its sign; None without one."""
    if (bias := f"{axis.module}.bias") in network.state_dict():
        return bias, 1
    for group in network.unit_groups():
        if any(incoming.tensor == axis.tensor for incoming in group.of_role("incoming")):
            means = group.of_role("mean")
            return (means[0].tensor, -1) if len(means) == 1 else None
    return None
