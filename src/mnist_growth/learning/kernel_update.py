"""One call of this project's AdamW kernel on all blocks of all parameters."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mnist_growth.learning.block_update import Addresses, Part, contiguous_gradients, join_ages


class KernelUpdate:
    """All blocks of a float32 network, which one kernel updates where they are; see ``BlockUpdate`` for the methods.

    Args:
        parts: Blocks of contiguous parameters; their ages become views of one tensor.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._addresses = Addresses([part.parameter for part in parts])
        self._gradient_addresses = Addresses()
        self._gradients: list[Tensor] = []
        self._work: Tensor | None = None
        self._ages = join_ages(parts)

    def is_stale(self) -> bool:
        """Return whether the memory of a parameter was replaced."""
        return self._addresses.differ([part.parameter for part in self._parts])

    def run(
        self,
        *,
        learning_rate: float | Tensor,
        newest_factor: float | Tensor,
        weight_decay: float,
        betas: tuple[float, float],
        epsilon: float,
    ) -> None:
        """Update the weights, moments and ages of all blocks in place."""
        from mnist_growth.kernels import adamw

        assert self._work is not None
        self._ages += 1
        rate, factor = (self._on_device(number) for number in (learning_rate, newest_factor))
        adamw.step(self._work, self._ages, rate, factor, weight_decay, betas, epsilon)

    def view_gradients(self) -> None:
        """Divide the work among programs again if a gradient has moved in memory."""
        from mnist_growth.kernels import adamw

        whole = contiguous_gradients(self._parts)
        if not self._gradient_addresses.move(whole):
            return
        self._gradients = whole  # the work contains only their addresses
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
                for part, gradient in zip(self._parts, whole, strict=True)
            ]
        )

    def forget_gradients(self) -> None:
        """Release the gradients."""
        self._gradient_addresses.move([])
        self._gradients, self._work = [], None

    def _on_device(self, number: float | Tensor) -> Tensor:
        if isinstance(number, Tensor):
            return number
        return torch.full((), number, dtype=torch.float32, device=self._ages.device)
