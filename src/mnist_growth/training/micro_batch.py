"""The number of images that go through the network at once, so that a training stays within its memory budget."""

import copy
import itertools
import logging
import math
import time
from collections.abc import Callable

import torch
from torch import Tensor

from mnist_growth.digits import WarpConfig, warp
from mnist_growth.learning import ObjectiveFactory, objective_for
from mnist_growth.machine import AllocationMeter, MemoryBudget, ProcessGroup, is_out_of_memory
from mnist_growth.network import Network

logger = logging.getLogger(__name__)

PROBE_IMAGES = 512  # enough that the memory of the images outweighs that of the gradients
ALLOWANCE = 1.5  # buffers within an operation are not measured
LOOK_SECONDS = 1.0  # between two looks at the memory in use


class MicroBatches:
    """The number of images per forward pass: the requested number, or as many as fit.

    Without batch norm the size changes the result only by rounding: gradients of micro-batches are summed. Batch norm
    normalises over the micro-batch, so there a smaller one is a slightly different training.

    Args:
        wanted: Images per pass that the parameters request.
        min_images: Smallest number of images per pass, as ``NetworkSpec.min_batch_size``.
        budget: Memory that may be used.
        on_shrink: Called with every smaller size and the reason.
        processes: Divide every micro-batch among them; None: this process computes all of it.

    Attributes:
        wanted: Images per pass that the parameters request.
        size: Current number of images per pass.
    """

    def __init__(
        self,
        wanted: int,
        *,
        min_images: int,
        budget: MemoryBudget,
        on_shrink: Callable[[int, str], None] = lambda _size, _reason: None,
        processes: ProcessGroup | None = None,
    ) -> None:
        self.wanted = self.size = wanted
        self.min_images = min_images
        self.budget = budget
        self.on_shrink = on_shrink
        self.processes = processes
        self._next_look = 0.0

    def request(self, wanted: int) -> None:
        """Request another number of images per pass; a number that memory has reduced stays."""
        self.size = wanted if self.size == self.wanted else min(self.size, wanted)
        self.wanted = wanted

    def split(self, images: int) -> list[slice]:
        """Divide a batch of a number of images into micro-batches of nearly equal size."""
        count = min(math.ceil(images / self.size), max(1, images // self.min_images))
        bounds = [images * piece // count for piece in range(count + 1)]
        return [slice(start, stop) for start, stop in itertools.pairwise(bounds)]

    def fit(self, measure: Callable[[Tensor], float], images: Tensor) -> None:
        """Take fewer images per pass if the budget has no room for as many.

        Args:
            measure: Returns the bytes per image of a training step with some images, as ``bytes_per_image`` does.
            images: uint8 [N, 28, 28], from which some are taken for the measurement.

        Raises:
            MemoryError: The budget has no room for the smallest number.
        """
        needed = ALLOWANCE * self._measured(measure, images[:PROBE_IMAGES])
        if self.processes is not None:
            needed /= self.processes.size  # in this process
        if self.budget.available() < self.size * needed:
            self.budget.collect()
        if self.budget.available() < self.min_images * needed:
            raise self._does_not_fit()
        fitting = int(self.budget.available() / needed)
        if self.processes is not None:
            fitting = self.processes.min(fitting)
        if fitting < self.size:
            self._shrink(
                fitting,
                f"{self.size} images need {needed * self.size / 1e6:,.0f} MB and the budget of "
                f"{self.budget.bytes / 1e6:,.0f} MB has {self.budget.available() / 1e6:,.0f} MB left",
            )

    def check_budget(self) -> None:
        """Check once a second whether more memory is used than the budget allows; if so, halve the number of images.

        Raises:
            MemoryError: The number cannot be halved any more.
        """
        if self.is_over_budget():
            self.keep_to_budget()

    def is_over_budget(self) -> bool:
        """Return whether more memory is used than the budget allows; it looks once a second."""
        now = time.monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + LOOK_SECONDS
        if self.budget.available() >= 0:
            return False
        self.budget.collect()
        return self.budget.available() < 0

    def keep_to_budget(self) -> None:
        """Halve the number of images because more memory is used than the budget allows.

        Raises:
            MemoryError: The number cannot be halved any more.
        """
        if self.size <= self.min_images:
            raise self._does_not_fit()
        self._shrink(
            max(self.min_images, self.size // 2),
            f"{self.budget.used() / 1e6:,.0f} MB are in use and the budget is {self.budget.bytes / 1e6:,.0f} MB",
        )

    def halve(self) -> None:
        """Halve the number of images after an allocation failed.

        Raises:
            MemoryError: The number cannot be halved any more.
        """
        self.budget.collect()
        if self.size <= self.min_images:
            raise MemoryError(f"Memory ran out with {self.size} image(s) at a time")
        self._shrink(max(self.min_images, self.size // 2), "an allocation failed")

    def _shrink(self, size: int, why: str) -> None:
        logger.warning("%s: %d images instead of %d go through the network at once", why, size, self.size)
        self.size = size
        self.on_shrink(size, why)

    def _measured(self, measure: Callable[[Tensor], float], images: Tensor) -> float:
        """Return the bytes per image; measured on fewer images if memory runs out."""
        while True:
            try:
                return measure(images)
            except Exception as error:
                if not is_out_of_memory(error) or len(images) <= self.min_images:
                    raise
            self.budget.collect()
            images = images[: max(self.min_images, len(images) // 2)]

    def _does_not_fit(self) -> MemoryError:
        """Return the error that not even the smallest piece fits."""
        return MemoryError(
            f"{self.budget.used() / 1e6:,.0f} MB are in use, and the budget of {self.budget.bytes / 1e6:,.0f} MB "
            f"(memory.budget_fraction) has no room for {self.min_images} image(s)"
        )


def bytes_per_image(
    network: Network,
    images: Tensor,
    warps: WarpConfig,
    dtype: torch.dtype | None = None,
    objective: ObjectiveFactory = objective_for,
) -> float:
    """Return the memory that one image takes in a training step, in bytes, measured on copies.

    Args:
        network: It is not changed.
        images: uint8 [M, 28, 28], M >= 2; they go through one step together.
        warps: Applied to the images.
        dtype: Of the matrix products; None for that of the weights.
        objective: Computes the gradients.
    """
    probe = objective(copy.deepcopy(network).train().requires_grad_(True), dtype, 0.0)
    generator = torch.Generator(network.device).manual_seed(0)
    labels = torch.zeros(len(images), dtype=torch.int64, device=network.device)
    probe.begin()
    with AllocationMeter() as meter:
        probe.add(warp(images.to(network.device), warps, generator), labels, 1.0)
    return float(meter.peak_bytes) / len(images)
