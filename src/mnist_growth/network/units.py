"""Groups of units: which tensors of a network have an axis over the same units."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Role = Literal["incoming", "bias", "outgoing", "scale", "shift", "mean", "variance"]
"""What the entries of a tensor do for a unit.

- ``incoming``: weights of the unit's inputs; ``bias``: added to their sum;
- ``scale`` and ``shift``: applied to the sum by a normalisation;
- ``mean`` and ``variance``: running statistics of the sum;
- ``outgoing``: weights with which other units take the unit in.
"""


@dataclass(frozen=True)
class UnitAxis:
    """An axis of a tensor over the units of a group.

    Attributes:
        tensor: Name of the tensor in the network's ``state_dict``.
        axis: Index of the axis.
        role: What the entries do for a unit.
        entries: Number of consecutive entries that belong to one unit, such as the width of an attention head.
    """

    tensor: str
    axis: int
    role: Role
    entries: int = 1

    @property
    def module(self) -> str:
        """Name of the module that owns the tensor."""
        return self.tensor.rpartition(".")[0]

    def indices(self, units: Tensor) -> Tensor:
        """Return the positions along the axis, int64 [n * entries], of units, int64 [n]."""
        if self.entries == 1:
            return units
        return (units.unsqueeze(1) * self.entries + torch.arange(self.entries, device=units.device)).flatten()

    def select(self, tensor: Tensor, units: Tensor) -> Tensor:
        """Return the entries of units, int64 [n] on any device, along the axis of a tensor, in their order."""
        return tensor.index_select(self.axis, self.indices(units).to(tensor.device))


@dataclass(frozen=True)
class UnitGroup:
    """Units that are widened or removed together.

    Attributes:
        name: Unique within the network, such as "hidden.0".
        size: Number of units.
        axes: Every axis of a tensor of the network's state over these units.
        is_additive: Whether the units add to what follows independently of each other and in proportion to their
            outgoing weights, so that copies that share these weights, and pairs with opposite ones, are exact.
        is_odd: Whether the outputs of a unit change their signs with its sums, as those of a squashed capsule do; relu
            cuts off one sign.
        title: Name for people, such as "hidden layer 1"; empty if it is the same as the name.
    """

    name: str
    size: int
    axes: tuple[UnitAxis, ...]
    is_additive: bool = True
    is_odd: bool = False
    title: str = ""

    @property
    def label(self) -> str:
        """Name for people."""
        return self.title or self.name

    def of_role(self, role: Role) -> tuple[UnitAxis, ...]:
        """Return the axes of one role."""
        return tuple(axis for axis in self.axes if axis.role == role)

    def axis_of(self, tensor: str) -> UnitAxis | None:
        """Return the first axis of a tensor over these units, or None."""
        return next((axis for axis in self.axes if axis.tensor == tensor), None)

    @property
    def is_normalised(self) -> bool:
        """Whether a normalisation over the batch follows the sums of the units."""
        return bool(self.of_role("mean"))
