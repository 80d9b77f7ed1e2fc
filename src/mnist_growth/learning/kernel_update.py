"""One call of this project's AdamW kernel on all blocks of all parameters."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mnist_growth.learning.block_update import AdamStep, BlockUpdate, Part


class KernelUpdate(BlockUpdate):
    """All blocks of a float32 network, which one kernel updates where they are.

    Args:
        parts: Blocks of contiguous parameters; their ages become views of one tensor.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        super().__init__(parts)
        self._gradients: Sequence[Tensor] = []
        self._work: Tensor | None = None

    def run(self, step: AdamStep) -> None:
        """Update the weights, moments and ages of all blocks in place; see ``BlockUpdate``."""
        from mnist_growth.kernels import adamw

        assert self._work is not None
        self._ages += 1
        rate, factor = (self._on_device(number) for number in (step.learning_rate, step.newest_factor))
        adamw.step(self._work, self._ages, rate, factor, step.weight_decay, step.betas, step.epsilon)

    def _view(self, gradients: Sequence[Tensor]) -> None:
        from mnist_growth.kernels import adamw

        self._gradients = gradients  # the work contains only their addresses
        self._work = adamw.divide(
            [
                adamw.Task(
                    weights=part.block.of(part.parameter.detach()),
                    gradients=part.block.of(gradient),
                    first_moment=part.block.first_moment,
                    second_moment=part.block.second_moment,
                    decays=part.decays,
                    is_newest=part.is_newest,
                )
                for part, gradient in zip(self._parts, gradients, strict=True)
            ]
        )

    def _release(self) -> None:
        self._gradients, self._work = [], None

    def _on_device(self, number: float | Tensor) -> Tensor:
        if isinstance(number, Tensor):
            return number
        return torch.full((), number, dtype=torch.float32, device=self._ages.device)
