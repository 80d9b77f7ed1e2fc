"""How many images go through the network at once, so that a training stays inside its memory budget."""

import itertools
import logging
import math
import time

import torch
from torch import Tensor

from mnist_growth.digits import WarpConfig, warp
from mnist_growth.machine import AllocationMeter, MemoryBudget
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

    Attributes:
        size: images per pass now.
    """

    def __init__(self, wanted: int, *, batch_norm: bool, budget: MemoryBudget) -> None:
        self.size = wanted
        self.smallest = 2 if batch_norm else 1
        self.budget = budget
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
        """
        per_image = bytes_per_image(network, images[:PROBE_IMAGES], warps, dtype)
        fitting = max(self.smallest, int(self.budget.room() / (ALLOWANCE * per_image)))
        if fitting < self.size:
            self._shrink(
                fitting,
                f"{self.size} images need {ALLOWANCE * per_image * self.size / 1e6:,.0f} MB and the budget of "
                f"{self.budget.bytes / 1e6:,.0f} MB has {max(0, self.budget.room()) / 1e6:,.0f} MB left",
            )

    def look(self) -> None:
        """Once a second, see whether more is used than the budget allows, and if so take half as many images."""
        now = time.monotonic()
        if now < self._next_look or self.size == self.smallest:
            return
        self._next_look = now + LOOK_SECONDS
        if self.budget.room() >= 0:
            return
        self.budget.collect()
        if self.budget.room() < 0:
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
            raise MemoryError(
                f"memory ran out with {self.size} image(s) at a time: a checkpoint was written; free memory or "
                "make the network smaller (growth.max_neurons), then `kedro run --pipeline resume`"
            )
        self._shrink(max(self.smallest, self.size // 2), "memory could not be had")

    def _shrink(self, size: int, why: str) -> None:
        logger.warning("%s: %d images instead of %d go through the network at once", why, size, self.size)
        self.size = size


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
