"""What the updates of blocks of parameters by different kernels have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from mnist_growth.learning.age_blocks import Block


@dataclass(frozen=True)
class Part:
    """A block with the parameter it is a part of.

    Attributes:
        parameter: Vector or matrix.
        block: Some of its entries, all of one age.
        decays: Whether its weights decay.
        is_newest: Whether the entries were added by the last growth step.
    """

    parameter: nn.Parameter
    block: Block
    decays: bool
    is_newest: bool


class BlockUpdate(Protocol):
    """Updates the same blocks again and again."""

    def is_stale(self) -> bool:
        """Return whether the memory of a parameter was replaced, for example by ``load_state_dict(assign=True)``.

        Moving the network to another device is not supported: the moments stay where they are.
        """

    def view_gradients(self) -> None:
        """Find the gradients if one has moved in memory; call before every ``run``."""

    def forget_gradients(self) -> None:
        """Release the gradients; ``view_gradients`` finds the next ones."""

    def run(
        self,
        *,
        learning_rate: float | Tensor,
        newest_factor: float | Tensor,
        weight_decay: float,
        betas: tuple[float, float],
        epsilon: float,
    ) -> None:
        """Update the weights, moments and ages of all blocks in place, from the gradients that were found last.

        See ``GrowingAdamW`` for the arguments.
        """


class Addresses:
    """Notices when tensors move in memory.

    Args:
        tensors: Their memory now.
    """

    def __init__(self, tensors: Sequence[Tensor] = ()) -> None:
        self._addresses = _addresses(tensors)

    def move(self, tensors: Sequence[Tensor]) -> bool:
        """Return whether the tensors have other addresses than at the last call, or are others."""
        before, self._addresses = self._addresses, _addresses(tensors)
        return before != self._addresses

    def differ(self, tensors: Sequence[Tensor]) -> bool:
        """Return the same, without taking note of the new addresses."""
        return self._addresses != _addresses(tensors)


def _addresses(tensors: Sequence[Tensor]) -> list[int]:
    return [tensor.data_ptr() for tensor in tensors]


def contiguous_gradients(parts: Sequence[Part]) -> list[Tensor]:
    """Return the gradient of the parameter of each part."""
    return [part.parameter.grad.contiguous() for part in parts if part.parameter.grad is not None]


def join_ages(parts: Sequence[Part]) -> Tensor:
    """Return the ages of all parts as one tensor, float32 [parts], of which their own ages become views."""
    ages = torch.stack([part.block.age for part in parts])
    for part, age in zip(parts, ages.unbind(), strict=True):
        part.block.age = age
    return ages
