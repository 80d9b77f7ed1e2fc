"""Blocks of the parameters: those of the units of a layer that were born together."""

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from mnist_growth.inspection.cohorts import Cohort, cohorts
from mnist_growth.network import Network

OUTPUT = 0
"""Number of the layer of the parameters that belong to no group of units, such as those of the output."""


@dataclass(frozen=True)
class Block:
    """Some parameters of a network.

    Attributes:
        layer: One-based number of the group of units; ``OUTPUT`` for parameters that belong to none.
        born: One-based epoch that was the first with these units; None for a whole layer.
        units: Number of units.
        mask: bool [P], over the parameters as one vector.
    """

    layer: int
    born: int | None
    units: int
    mask: Tensor

    @property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.mask.sum())


def cohort_blocks(network: Network, growth_events: pd.DataFrame) -> list[Block]:
    """Return the parameters by layer and birth of their units; every parameter is in one block.

    The parameters of a unit are its incoming weights, its bias, and its scale and shift in normalisations.

    Raises:
        ValueError: The growth events belong to another network.
    """
    blocks = []
    for cohort in cohorts(network, growth_events):
        mask = _mask(network, cohort)
        blocks.append(Block(cohort.layer, cohort.born, cohort.size, mask))
    rest = ~torch.stack([block.mask for block in blocks]).any(dim=0)
    return [*blocks, Block(OUTPUT, None, network.classes, rest)]


def layer_blocks(blocks: list[Block]) -> list[Block]:
    """Return one block for each layer with more than one cohort."""
    merged = []
    for layer in dict.fromkeys(block.layer for block in blocks):
        parts = [block for block in blocks if block.layer == layer]
        if len(parts) > 1:
            mask = torch.stack([part.mask for part in parts]).any(dim=0)
            merged.append(Block(layer, None, sum(part.units for part in parts), mask))
    return merged


def _mask(network: Network, cohort: Cohort) -> Tensor:
    """Return which parameters are on the incoming side of the units."""
    axes = {axis.tensor: axis for axis in cohort.group.axes if axis.role != "outgoing"}
    parts = []
    for name, parameter in network.named_parameters():
        part = torch.zeros(parameter.shape, dtype=torch.bool, device=parameter.device)
        if name in axes:
            axis = axes[name]
            part.narrow(axis.axis, cohort.units.start * axis.entries, cohort.size * axis.entries).fill_(True)
        parts.append(part.reshape(-1))
    return torch.cat(parts)
