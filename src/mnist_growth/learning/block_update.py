"""What the updates of blocks of parameters by different kernels have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class AdamStep:
    """The numbers of one step; see ``GrowingAdamW``."""

    learning_rate: float | Tensor
    newest_factor: float | Tensor
    weight_decay: float
    betas: tuple[float, float]
    epsilon: float


class BlockUpdate(ABC):
    """Updates the same blocks again and again.

    Args:
        parts: Blocks; their ages become views of one tensor.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._addresses = _addresses([part.parameter for part in parts])
        self._gradient_addresses: list[int] = []
        self._ages = _join_ages(parts)

    def is_stale(self) -> bool:
        """Return whether the memory of a parameter was replaced, for example by ``load_state_dict(assign=True)``.

        Moving the network to another device is not supported: the moments stay where they are.
        """
        return self._addresses != _addresses([part.parameter for part in self._parts])

    def view_gradients(self) -> None:
        """Find the gradients if one has moved in memory; call before every ``run``."""
        whole = [part.parameter.grad.contiguous() for part in self._parts if part.parameter.grad is not None]
        addresses = _addresses(whole)
        if addresses != self._gradient_addresses:
            self._gradient_addresses = addresses
            self._view(whole)

    def forget_gradients(self) -> None:
        """Release the gradients; ``view_gradients`` finds the next ones."""
        self._gradient_addresses = []
        self._release()

    @abstractmethod
    def run(self, step: AdamStep) -> None:
        """Update the weights, moments and ages of all blocks in place, from the gradients that were found last."""

    @abstractmethod
    def _view(self, gradients: Sequence[Tensor]) -> None:
        """Use other gradients: that of the parameter of each part."""

    @abstractmethod
    def _release(self) -> None:
        """Hold no gradients any more."""


def _addresses(tensors: Sequence[Tensor]) -> list[int]:
    return [tensor.data_ptr() for tensor in tensors]


def _join_ages(parts: Sequence[Part]) -> Tensor:
    """Return the ages of all parts as one tensor, float32 [parts], of which their own ages become views."""
    ages = torch.stack([part.block.age for part in parts])
    for part, age in zip(parts, ages.unbind(), strict=True):
        part.block.age = age
    return ages
