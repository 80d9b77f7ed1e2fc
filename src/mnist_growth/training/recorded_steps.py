"""The updates between two averages of the weights as one piece of work, which a GPU does without the host."""

import time
from collections.abc import Iterator, Sequence
from functools import partial

import torch

from mnist_growth.learning import BatchResult, update_average
from mnist_growth.machine import SideStream, is_out_of_memory
from mnist_growth.training.epoch_schedule import EpochSchedule, Taken
from mnist_growth.training.graph import GraphRecorder, Work
from mnist_growth.training.pace import Pace
from mnist_growth.training.step import AVERAGE_EVERY, Piece, TrainingStep

WARM_UPDATES = 3
"""Updates that are made one by one before any is recorded: libraries initialise, buffers are allocated."""


class RecordedSteps:
    """Makes the same updates and averages as a training step, but several with one call.

    The updates up to the next average, and this average, are recorded once and replayed from then on. What differs
    between updates is laid out on the device before every epoch. They are recorded again when a batch is divided
    differently; after a growth there is another training step.

    Args:
        step: Within an epoch; used before anything is recorded, and for what is left of a series after resuming.
        recorder: Makes the graphs; None for those of CUDA.
    """

    def __init__(self, step: TrainingStep, recorder: GraphRecorder | None = None) -> None:
        self._step = step
        self._recorder = recorder or GraphRecorder(step.state.warp_generator)
        progress = step.state.progress
        images = min(progress.batch_size, len(progress.order))
        self._schedule = EpochSchedule(step.batches, images, step.state.device)
        self._sums = BatchResult(torch.zeros_like(progress.loss_sum), torch.zeros_like(progress.correct_count))
        self._side = SideStream(step.state.device)
        self._direct_updates = 0
        self._recorded: dict[int, Work] = {}
        self._recorded_for = 0
        self._next_batch: int | None = None
        self._next_paces: tuple[list[Pace], list[float]] | None = None

    @property
    def batches(self) -> int:
        """Number of batches of an epoch."""
        return self._step.batches

    @property
    def is_over_budget(self) -> bool:
        """Whether processes that train together have to use less memory; one process sees to it here."""
        return self._step.is_over_budget

    def __call__(self) -> None:
        """Train all batches up to the next average, or a single one; see ``TrainingStep``."""
        state, batch = self._step.state, self._step.state.progress.batches
        if self._direct_updates < WARM_UPDATES or batch % AVERAGE_EVERY:
            self._direct_updates += 1
            self._next_batch = None
            self._step()
            return
        started = time.perf_counter()
        count = min(AVERAGE_EVERY, self.batches - batch)
        if batch == 0 or batch != self._next_batch:
            self._lay_out(batch)
        self._updates(count)()
        self._next_batch = batch + count
        state.count_batches(count, self._sums)
        if self._next_batch == self.batches:  # while the GPU is busy with this epoch
            self._next_paces = self._paces(range(self.batches), ahead=1)
        self._step.micro_batches.check_budget()
        state.progress.seconds += time.perf_counter() - started

    def _updates(self, count: int) -> Work:
        """Return what makes a number of updates and an average, recorded if it has not been.

        Raises:
            MemoryError: The smallest micro-batch does not fit.
        """
        micro_batches, generator = self._step.micro_batches, self._step.state.warp_generator
        while True:
            if self._recorded_for != micro_batches.size:
                self._recorded.clear()
                self._recorded_for = micro_batches.size
            if count in self._recorded:
                return self._recorded[count]
            drawn = generator.get_state()
            try:
                self._recorded[count] = self._recorder.record(partial(self._make_updates, count))
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                generator.set_state(drawn)
                micro_batches.halve()

    def _make_updates(self, count: int) -> None:
        """Make the next updates of the schedule, and an average; sum loss and correct answers."""
        taken = list(self._schedule.take(count))
        results = [
            self._step.update(chosen, pace, prepared)
            for (chosen, pace, _), prepared in zip(taken, self._prepared(taken), strict=True)
        ]
        update_average(self._step.state.average, self._step.state.network, taken[-1].kept)
        torch.sum(torch.stack([each.loss_sum for each in results]).to(self._sums.loss_sum), 0, out=self._sums.loss_sum)
        torch.sum(torch.stack([each.correct_count for each in results]), 0, out=self._sums.correct_count)

    def _prepared(self, taken: Sequence[Taken]) -> Iterator[list[Piece] | None]:
        """Yield the images of each batch, prepared beside the update before; None if memory is scarce.

        Random numbers are drawn in the order of the updates, as if nothing was done side by side.
        """
        self._side.fork()
        kept = []
        for chosen, pace, _ in taken:
            if len(self._step.micro_batches.split(len(chosen))) > 1:
                yield None
                continue
            with self._side.work():
                kept.append(list(self._step.pieces(chosen, pace)))
            self._side.join()
            yield kept[-1]

    def _lay_out(self, batch: int) -> None:
        """Lay out the epoch from a batch on."""
        paces = self._next_paces if batch == 0 and self._next_paces else self._paces(range(batch, self.batches))
        self._schedule.fill(self._step.state.progress.order, *paces, batch)
        self._next_paces = None

    def _paces(self, batches: range, ahead: int = 0) -> tuple[list[Pace], list[float]]:
        """Return the pace of some batches and the share that an average after each keeps; see ``TrainingStep.pace``."""
        return (
            [self._step.pace(batch, ahead) for batch in batches],
            [self._step.kept_share(batch, ahead) for batch in batches],
        )


def recorded_on_gpu(step: TrainingStep) -> TrainingStep | RecordedSteps:
    """Return what makes the updates of a step: recorded on a GPU that also has the images, and directly elsewhere.

    Several processes exchange their gradients in every update; these updates are not recorded.
    """
    device = step.state.device
    is_recorded = device.type == "cuda" and step.data.images.device == device and not step.team.processes
    return RecordedSteps(step) if is_recorded else step
