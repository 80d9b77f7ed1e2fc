"""How many images go through the network at once, so that a training stays inside its memory budget."""

import itertools
import logging
import math
import time
from collections.abc import Callable

import torch
from torch import Tensor

from mnist_growth.digits import WarpConfig, warp
from mnist_growth.machine import AllocationMeter, MemoryBudget, is_out_of_memory
from mnist_growth.network import Backprop, GrowingMLP, averaged_copy

logger = logging.getLogger(__name__)

PROBE_IMAGES = 512  # enough that the memory of the images outweighs that of the gradients
ALLOWANCE = 1.5  # buffers within an operation are not measured
LOOK_SECONDS = 1.0  # between two looks at the memory in use


class MicroBatches:
    """The number of images per forward pass: as many as asked for, or as fit.

    Without batch norm the size changes the result only by rounding: gradients of micro-batches are summed. Batch norm
    normalises over the micro-batch, so there a smaller one is a slightly different training.

    Args:
        wanted: images per pass that the parameters ask for.
        batch_norm: then a pass needs at least two images.
        budget: what may be used.
        told: is called with every smaller size and the reason.

    Attributes:
        size: images per pass now.
    """

    def __init__(
        self,
        wanted: int,
        *,
        batch_norm: bool,
        budget: MemoryBudget,
        told: Callable[[int, str], None] = lambda _size, _reason: None,
    ) -> None:
        self.size = wanted
        self.smallest = 2 if batch_norm else 1
        self.budget = budget
        self.told = told
        self._next_look = 0.0

    def split(self, images: int) -> list[slice]:
        """Divide a batch of a number of images into micro-batches of nearly equal size."""
        count = min(math.ceil(images / self.size), max(1, images // self.smallest))
        bounds = [images * piece // count for piece in range(count + 1)]
        return [slice(start, stop) for start, stop in itertools.pairwise(bounds)]

    def fit(self, network: GrowingMLP, images: Tensor, warps: WarpConfig, dtype: torch.dtype | None = None) -> None:
        """Take fewer images per pass if the budget has no room for as many; measured on a copy of the network.

        Args:
            network: as wide as it is now.
            images: uint8 [N, 28, 28], from which some are taken for the measurement.
            warps: what the images go through.
            dtype: of the matrix products; None for that of the weights.

        Raises:
            MemoryError: the budget has no room for the smallest number.
        """
        needed = ALLOWANCE * self._measured(network, images[:PROBE_IMAGES], warps, dtype)
        if self.budget.room() < self.size * needed:
            self.budget.collect()
        if self.budget.room() < self.smallest * needed:
            raise self._does_not_fit()
        fitting = int(self.budget.room() / needed)
        if fitting < self.size:
            self._shrink(
                fitting,
                f"{self.size} images need {needed * self.size / 1e6:,.0f} MB and the budget of "
                f"{self.budget.bytes / 1e6:,.0f} MB has {self.budget.room() / 1e6:,.0f} MB left",
            )

    def look(self) -> None:
        """Once a second, see whether more is used than the budget allows, and if so take half as many images.

        Raises:
            MemoryError: there is nothing left to halve.
        """
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        if self.budget.room() >= 0:
            return
        self.budget.collect()
        if self.budget.room() < 0:
            if self.size <= self.smallest:
                raise self._does_not_fit()
            self._shrink(
                max(self.smallest, self.size // 2),
                f"{self.budget.used() / 1e6:,.0f} MB are in use and the budget is {self.budget.bytes / 1e6:,.0f} MB",
            )

    def halve(self) -> None:
        """Take half as many images, after memory could not be had.

        Raises:
            MemoryError: there is nothing left to halve.
        """
        self.budget.collect()
        if self.size <= self.smallest:
            raise MemoryError(f"memory ran out with {self.size} image(s) at a time")
        self._shrink(max(self.smallest, self.size // 2), "memory could not be had")

    def _shrink(self, size: int, why: str) -> None:
        logger.warning("%s: %d images instead of %d go through the network at once", why, size, self.size)
        self.size = size
        self.told(size, why)

    def _measured(self, network: GrowingMLP, images: Tensor, warps: WarpConfig, dtype: torch.dtype | None) -> float:
        """Bytes per image; measured on fewer images where memory runs out on the way."""
        while True:
            try:
                return bytes_per_image(network, images, warps, dtype)
            except Exception as error:
                if not is_out_of_memory(error) or len(images) <= self.smallest:
                    raise
            self.budget.collect()
            images = images[: max(self.smallest, len(images) // 2)]

    def _does_not_fit(self) -> MemoryError:
        """Not even the smallest piece fits."""
        return MemoryError(
            f"{self.budget.used() / 1e6:,.0f} MB are in use, and the budget of {self.budget.bytes / 1e6:,.0f} MB "
            f"(memory.budget_fraction) has no room for {self.smallest} image(s)"
        )


def bytes_per_image(network: GrowingMLP, images: Tensor, warps: WarpConfig, dtype: torch.dtype | None = None) -> float:
    """Memory that one image takes in a training step, in bytes, measured on copies.

    Args:
        network: it is not changed, nor is its generator of warps.
        images: uint8 [M, 28, 28], M >= 2; they go through one step together.
        warps: what the images go through.
        dtype: of the matrix products; None for that of the weights.
    """
    probe = Backprop(averaged_copy(network).train(), dtype)
    device = network.output.weight.device
    generator = torch.Generator(device).manual_seed(0)
    labels = torch.zeros(len(images), dtype=torch.int64, device=device)
    probe.begin()
    with AllocationMeter() as meter:
        probe.add(warp(images.to(device), warps, generator), labels)
    return float(meter.peak_bytes) / len(images)
