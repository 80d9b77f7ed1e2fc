"""An update of the weights as one CUDA graph: a GPU does not wait for Python between its kernels."""

from collections.abc import Callable

import torch
from torch import Tensor

from mnist_growth.learning import BatchResult
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.pace import Pace

WARM_UPDATES = 3  # made one kernel at a time before recording: libraries set themselves up, buffers are made

Update = Callable[[Tensor, Pace], BatchResult]


class GraphedUpdate:
    """Makes the first updates as they are written, records one more, and replays it from then on.

    The graph works on fixed memory: what changes from batch to batch is copied there before each replay. It is
    recorded anew when batches are divided otherwise; after a growth a new object is made.

    Args:
        update: works on the images of the given indices (int64 [B] on the GPU) at a pace, without waiting for the GPU.
        generator: on the GPU, from which the update draws.
        micro_batches: how a batch is divided.
    """

    def __init__(self, update: Update, generator: torch.Generator, micro_batches: MicroBatches) -> None:
        self._update = update
        self._generator = generator
        self._micro_batches = micro_batches
        self._warm = 0
        self._recorded_for: tuple[int, int] | None = None

    def update(self, chosen: Tensor, pace: Pace) -> BatchResult:
        """One update; see ``TrainingStep.update``."""
        if self._warm < WARM_UPDATES:
            self._warm += 1
            return self._update(chosen, pace)
        needed_for = len(chosen), self._micro_batches.size
        if self._recorded_for != needed_for:
            self._record(chosen)
            self._recorded_for = needed_for
        self._chosen.copy_(chosen)
        for place, value in zip(self._pace, pace, strict=True):
            place.fill_(value)
        self._graph.replay()
        return self._result

    def _record(self, chosen: Tensor) -> None:
        """Record the update on memory that stays; nothing is computed meanwhile."""
        self._recorded_for = None
        self._chosen = chosen.clone()
        self._pace = [torch.zeros((), device=chosen.device) for _ in Pace._fields]
        self._graph = torch.cuda.CUDAGraph()
        self._graph.register_generator_state(self._generator)
        with torch.cuda.graph(self._graph):
            self._result = self._update(self._chosen, Pace(*self._pace))
