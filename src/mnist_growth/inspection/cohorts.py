"""Units that were born together, and where their activations are found."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd
from torch import Tensor, nn

from mnist_growth.network import Network, UnitAxis, UnitGroup


@dataclass(frozen=True)
class Cohort:
    """Units of one group that were born together; they are adjacent, as new units are appended.

    Attributes:
        layer: One-based number of the group.
        group: Which tensors belong to its units.
        born: One-based epoch that was the first with these units.
        units: Positions in the group.
    """

    layer: int
    group: UnitGroup
    born: int
    units: slice

    @property
    def size(self) -> int:
        """Number of units."""
        return int(self.units.stop - self.units.start)


def cohorts(network: Network, growth_events: pd.DataFrame) -> Iterator[Cohort]:
    """Yield all units of a network, group by group and the oldest first.

    Args:
        network: After its training.
        growth_events: Table of ``training.growth_table``, of the columns ``epoch``, ``layer``, ``width_before`` and
            ``width_after``; empty for a network that never grew.

    Raises:
        ValueError: The growth events belong to another network.
    """
    for layer, group in enumerate(network.unit_groups(), start=1):
        events = growth_events[growth_events["layer"] == layer].sort_values("epoch")
        bounds = [0, *events["width_before"].tolist(), group.size]
        if bounds[2:] != events["width_after"].tolist():
            raise ValueError(
                f"The growth events end with {events['width_after'].iloc[-1]} units in hidden layer {layer}, but the "
                f"network has {group.size}: name the versions that belong together (--load-versions network:<version>)"
            )
        for born, (start, stop) in zip([1, *events["epoch"].tolist()], pairwise(bounds), strict=True):
            if stop > start:  # a layer that a growth added has no units of the start
                yield Cohort(layer, group, born, slice(start, stop))


def followers(network: Network, group: UnitGroup) -> tuple[UnitAxis, ...]:
    """Return the axes of the affine maps that take the units of a group in: their inputs are its activations.

    Raises:
        ValueError: The units are not followed by affine maps.
    """
    axes = group.of_role("outgoing")
    if not axes or not all(isinstance(network.get_submodule(axis.module), nn.Linear) for axis in axes):
        raise ValueError(
            f"The units of {group.name} are not followed by affine maps: their activations are not defined"
        )
    return axes


def by_unit(inputs: Tensor, axis: UnitAxis) -> Tensor:
    """Return the inputs of an affine map as [N, units, entries of a unit]."""
    return inputs.reshape(-1, inputs.shape[-1] // axis.entries, axis.entries)
