"""Training: one epoch after another."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import torch

from mnist_growth.machine import (
    MemoryBudget,
    gpu_memory_bytes,
    is_out_of_memory,
    peak_rss_bytes,
    return_freed_memory,
    rss_bytes,
    stop_on_request,
)
from mnist_growth.network import score, training_multiply_adds
from mnist_growth.training.growth import grow_if_due, is_growth_due
from mnist_growth.training.history import EpochRecord
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.monitor import Monitor
from mnist_growth.training.pace import learning_rate
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.state import EpochProgress, TrainingState
from mnist_growth.training.step import TrainingStep


class Checkpoints(Protocol):
    """Takes the state of a training."""

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Keep the state, so that the training can go on from here."""

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Be told that an epoch has ended."""


def train(
    state: TrainingState,
    data: TrainingData,
    setup: TrainingSetup,
    checkpoints: Checkpoints,
    monitor: Monitor,
    budget: MemoryBudget,
) -> None:
    """Train until ``setup.training.epochs`` epochs are done, in place.

    A checkpoint is taken at the start, before every growth, at the end, and whenever ``checkpoint_seconds`` have passed
    since the last one, also within an epoch. After SIGINT or SIGTERM the batch is finished and a checkpoint taken.

    Args:
        state: a new training, or one that goes on.
        data: on the device of the network.
        setup: all parameters.
        checkpoints: takes the checkpoints.
        monitor: is told of every batch, growth and epoch.
        budget: memory that may be used; where it is tight, batches go through the network in smaller pieces.

    Raises:
        FloatingPointError: the loss is no longer a finite number.
        MemoryError: the smallest piece does not fit; a checkpoint has been taken, if memory was left for that.
        KeyboardInterrupt: after SIGINT; ``machine.Terminated`` after SIGTERM.
    """
    batches = batches_per_epoch(len(data.train), setup.training.batch_size)
    micro_batches = MicroBatches(
        setup.training.micro_batch_size or setup.training.batch_size,
        batch_norm=setup.network.batch_norm,
        budget=budget,
        told=lambda size, reason: monitor.shrank(state.epochs_done + 1, size, reason),
    )
    last_checkpoint = -math.inf

    def checkpoint() -> None:
        nonlocal last_checkpoint
        checkpoints.save(state, setup)
        last_checkpoint = time.monotonic()

    step: TrainingStep | None = None
    in_vain: tuple[int, ...] | None = None  # widths at which a growth was due, but what was to spend paid for no unit
    monitor.started(state.epochs_done, setup.training.epochs, batches)
    try:
        with stop_on_request() as stop, leaving_a_checkpoint(checkpoint, state, budget):
            checkpoint()
            while state.epochs_done < setup.training.epochs:
                if len(state.progress.order) == 0:
                    widths, is_due = state.network.widths, is_growth_due(state, setup)
                    if is_due and widths != in_vain:
                        checkpoint()  # also writes the best epoch, and frees the memory of its copy
                        state.optimizer.zero_grad()
                        step = None
                        budget.collect()
                    begin_epoch(state, data, setup, monitor)
                    in_vain = widths if is_due and not state.progress.grew else None
                if step is None:
                    micro_batches.fit(state.network, data.images, setup.warps, setup.training.product_dtype)
                    step = TrainingStep(state, data, setup, batches, micro_batches)
                    return_freed_memory()  # of the growth and the measurement: the step needs less
                while state.progress.batches < batches:
                    step()
                    monitor.batch(state.progress.batches)
                    is_late = time.monotonic() - last_checkpoint > setup.training.checkpoint_seconds
                    if is_late or stop.signal is not None:
                        checkpoint()
                    stop.raise_if_made()
                finish_epoch(state, data, setup, batches, micro_batches)
                checkpoints.note_epoch(state, setup)
                monitor.epoch(state.records[-1])
            checkpoint()
    finally:
        monitor.finished()


@contextlib.contextmanager
def leaving_a_checkpoint(checkpoint: Callable[[], None], state: TrainingState, budget: MemoryBudget) -> Iterator[None]:
    """Take a checkpoint when memory runs out for good, and say how to go on.

    Raises:
        MemoryError: with a sentence that says what to do.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        what = str(error) if isinstance(error, MemoryError) and str(error) else "memory ran out"
        state.optimizer.zero_grad()
        budget.collect()
        left = "a checkpoint was written"
        try:
            checkpoint()
        except Exception as failed:
            if not is_out_of_memory(failed):
                raise
            left = "there was none left for a checkpoint either, the one before stands"
        raise MemoryError(
            f"{what}: {left}; free memory, raise memory.budget_fraction or make the network smaller "
            "(growth.max_neurons in a new training), then `kedro run --pipeline resume`"
        ) from error


def batches_per_epoch(images: int, batch_size: int) -> int:
    """Whole batches in a training set; images that are left over wait for another epoch's order."""
    return max(1, images // batch_size)


def begin_epoch(state: TrainingState, data: TrainingData, setup: TrainingSetup, monitor: Monitor) -> None:
    """Grow if it is time, and draw the order of the images."""
    event = grow_if_due(state, data, setup)
    if event is not None:
        monitor.grew(event)
    order = torch.randperm(len(data.train), generator=state.data_generator)
    state.progress = EpochProgress.none(state.device)
    state.progress.order = data.train[order]
    state.progress.grew = event is not None


def finish_epoch(
    state: TrainingState, data: TrainingData, setup: TrainingSetup, batches: int, micro_batches: MicroBatches
) -> None:
    """Validate, and write the epoch into the history."""
    training, progress = setup.training, state.progress
    images = min(batches * training.batch_size, len(progress.order))
    started = time.perf_counter()
    train_loss = float(progress.loss_sum) / images  # a GPU is waited for here
    progress.seconds += time.perf_counter() - started
    if not math.isfinite(train_loss):
        raise FloatingPointError(
            f"the training loss became {train_loss} in epoch {state.epochs_done + 1}: "
            "start anew with a smaller training.learning_rate"
        )
    validation = score(state.average, data.images, data.labels, data.validation)
    state.epochs_done += 1
    state.records.append(
        EpochRecord(
            epoch=state.epochs_done,
            widths="-".join(map(str, state.network.widths)),
            parameters=state.network.parameter_count,
            learning_rate=learning_rate(state.epochs_done, training),
            batch_size=training.batch_size,
            micro_batch_size=micro_batches.size,
            train_loss=train_loss,
            train_accuracy=float(progress.right_sum) / images,
            validation_loss=validation.loss,
            validation_accuracy=validation.accuracy,
            seconds=progress.seconds,
            images_per_second=images / progress.seconds,
            rss_bytes=rss_bytes(),
            peak_rss_bytes=peak_rss_bytes(),
            gpu_bytes=gpu_memory_bytes(state.device),
            grew=progress.grew,
            multiply_adds=images * training_multiply_adds(state.network.widths)
            + (state.records[-1].multiply_adds if state.records else 0),
            budget_bytes=micro_batches.budget.bytes,
            overhead_bytes=micro_batches.budget.overhead,
        )
    )
    state.progress = EpochProgress.none(state.device)
