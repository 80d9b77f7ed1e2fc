"""An update of the weights as one CUDA graph, so that a GPU does not wait for Python between its kernels."""

from collections.abc import Callable

import torch
from torch import Tensor

from mnist_growth.learning import BatchResult
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.pace import Pace

WARM_UPDATES = 3  # made kernel by kernel before recording: libraries initialise, buffers are allocated

Update = Callable[[Tensor, Pace], BatchResult]


class GraphedUpdate:
    """Makes the first updates directly, records one more, and replays it from then on.

    The graph works on fixed memory: what changes from batch to batch is copied there before each replay. It is
    recorded again when batches are divided differently; after a growth a new object is made.

    Args:
        update: Updates the weights from images, given by indices int64 [B] on the GPU, without synchronising with it.
        generator: Random numbers of the update, on the GPU.
        micro_batches: Divides a batch into pieces.
    """

    def __init__(self, update: Update, generator: torch.Generator, micro_batches: MicroBatches) -> None:
        self._update = update
        self._generator = generator
        self._micro_batches = micro_batches
        self._warm = 0
        self._recorded_for: tuple[int, int] | None = None

    def update(self, chosen: Tensor, pace: Pace) -> BatchResult:
        """Make one update; see ``TrainingStep.update``."""
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
        """Record the update on memory that is kept; nothing is computed."""
        self._recorded_for = None
        self._chosen = chosen.clone()
        self._pace = [torch.zeros((), device=chosen.device) for _ in Pace._fields]
        self._graph = torch.cuda.CUDAGraph()
        self._graph.register_generator_state(self._generator)
        with torch.cuda.graph(self._graph):
            self._result = self._update(self._chosen, Pace(*self._pace))
