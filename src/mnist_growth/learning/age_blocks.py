"""Parts of a parameter whose entries share one age, with their Adam moments."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from mnist_growth.growth import NEW, Narrowing, Widening
from mnist_growth.growth.widening import along
from mnist_growth.network import UnitAxis

Extent = tuple[tuple[int, int], ...]  # (start, stop) along each dimension


@dataclass
class Block:
    """The entries of one rectangle of a parameter, all of one age.

    Attributes:
        extent: Position of the block in the parameter.
        first_moment: dtype of the parameter, contiguous, the shape of the extent.
        second_moment: dtype of the parameter, contiguous, the shape of the extent.
        age: float32 scalar, number of updates that the entries have had.
    """

    extent: Extent
    first_moment: Tensor
    second_moment: Tensor
    age: Tensor

    def of(self, tensor: Tensor) -> Tensor:
        """Return the part of a tensor of the parameter's shape that this block covers, as a view."""
        return tensor[tuple(slice(start, stop) for start, stop in self.extent)]


@dataclass
class Moments:
    """The Adam moments of an entire parameter.

    Attributes:
        first: dtype of the parameter, the shape of the parameter.
        second: dtype of the parameter, the shape of the parameter.
        age: float32, the shape of the parameter: number of updates that each entry has had.
    """

    first: Tensor
    second: Tensor
    age: Tensor

    @classmethod
    def none(cls, parameter: Tensor) -> "Moments":
        """Return the moments before the first update."""
        zeros = torch.zeros_like(parameter, memory_format=torch.contiguous_format)
        return cls(zeros, zeros.clone(), torch.zeros_like(zeros, dtype=torch.float32))

    @classmethod
    def of_blocks(cls, parameter: Tensor, blocks: list[Block]) -> "Moments":
        """Put the blocks of a parameter together."""
        whole = cls.none(parameter.detach())
        for block in blocks:
            block.of(whole.first).copy_(block.first_moment)
            block.of(whole.second).copy_(block.second_moment)
            block.of(whole.age).copy_(block.age)
        return whole

    def widened(self, axis: UnitAxis, widening: Widening) -> "Moments":
        """Return the moments after a widening along one axis of the parameter."""
        new = axis.indices((widening.source == NEW).nonzero().flatten()).to(self.age.device)
        first, second, age = (
            axis.select(old, widening.source.clamp(min=0)) for old in (self.first, self.second, self.age)
        )
        for wider in (first, second, age):
            wider.index_fill_(axis.axis, new, 0)
        if axis.role != "outgoing":
            copies = along(axis, widening.copies, first)
            first, second = first / copies, second / copies.square()
        return Moments(first, second, age)

    def narrowed(self, axis: UnitAxis, narrowing: Narrowing) -> "Moments":
        """Return the moments after a narrowing along one axis of the parameter."""
        return Moments(*(axis.select(old, narrowing.kept) for old in (self.first, self.second, self.age)))

    def blocks(self) -> list[Block]:
        """Cut the moments into rectangles of one age each."""
        cut = []
        for extent in rectangles(self.age.cpu()):
            slices = tuple(slice(start, stop) for start, stop in extent)
            first, second = (
                whole[slices].clone(memory_format=torch.contiguous_format) for whole in (self.first, self.second)
            )
            cut.append(Block(extent, first, second, self.age[slices].flatten()[0].clone()))
        return cut


def rectangles(ages: Tensor) -> list[Extent]:
    """Cover a vector or a matrix of ages by few rectangles of one age each.

    A matrix that grew by rows and columns has one age in each L-shaped shell; two rectangles cover it: its columns
    over all older rows, and its rows over their whole length.

    Args:
        ages: [n] or [rows, columns], at least one entry.
    """
    table = ages if ages.ndim > 1 else ages.unsqueeze(1)
    done: list[Extent] = []
    growing: dict[tuple[int, int, float], int] = {}  # columns and age of a rectangle, and the row it began at
    for start, _ in _runs((table[1:] != table[:-1]).any(1)):
        row = table[start]
        now = [(left, right, float(row[left])) for left, right in _runs(row[1:] != row[:-1])]
        done += [((growing.pop(key), start), key[:2]) for key in list(growing) if key not in now]
        for key in now:
            growing.setdefault(key, start)
    done += [((start, len(table)), key[:2]) for key, start in growing.items()]
    return [extent[: ages.ndim] for extent in sorted(done)]


def _runs(changes: Tensor) -> list[tuple[int, int]]:
    """Cut 0..n wherever one of the n - 1 steps between neighbours is a change."""
    cuts = [0, *((changes.nonzero().flatten() + 1).tolist()), len(changes) + 1]
    return list(pairwise(cuts))
