"""Training: one epoch after another."""

import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch

from mnist_growth.learning import ObjectiveFactory, objective_for
from mnist_growth.machine import (
    MemoryBudget,
    gpu_memory_bytes,
    is_out_of_memory,
    peak_rss_bytes,
    return_freed_memory,
    rss_bytes,
    stop_on_request,
)
from mnist_growth.network import score
from mnist_growth.training.checkpoints import Checkpoints
from mnist_growth.training.growth import GrowthTarget, due_growth, grow
from mnist_growth.training.history import EpochRecord
from mnist_growth.training.micro_batch import MicroBatches, bytes_per_image
from mnist_growth.training.monitor import Monitor
from mnist_growth.training.pace import learning_rate
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.state import EpochProgress, TrainingState
from mnist_growth.training.step import TrainingStep

logger = logging.getLogger(__name__)


def train(
    state: TrainingState,
    data: TrainingData,
    setup: TrainingSetup,
    checkpoints: Checkpoints,
    monitor: Monitor,
    budget: MemoryBudget,
    objective: ObjectiveFactory = objective_for,
) -> None:
    """Train until ``setup.training.epochs`` epochs are completed, in place.

    A checkpoint is saved at the start, before every growth, at the end, and whenever ``checkpoint_seconds`` have passed
    since the last one, also within an epoch. After SIGINT or SIGTERM the batch is completed and a checkpoint saved.

    Args:
        state: A new training, or one that continues.
        data: On the device of the network.
        setup: All parameters.
        checkpoints: Receives the checkpoints.
        monitor: Receives every batch, growth and epoch; it can end the training after an epoch.
        budget: Memory that may be used; where it is scarce, batches go through the network in smaller pieces.
        objective: Makes what computes the gradients; called again after every growth.

    Raises:
        FloatingPointError: The loss is no longer a finite number.
        MemoryError: The smallest piece does not fit; a checkpoint was saved, if memory was left for it.
        KeyboardInterrupt: After SIGINT; ``machine.Terminated`` after SIGTERM.
    """
    training = setup.training
    batches = batches_per_epoch(len(data.train), training.batch_size)
    micro_batches = MicroBatches(
        training.micro_batch_size or training.batch_size,
        min_images=state.network.spec.min_batch_size,
        budget=budget,
        on_shrink=lambda size, reason: monitor.shrank(state.epochs_done + 1, size, reason),
    )
    last_checkpoint = -math.inf

    def checkpoint() -> None:
        nonlocal last_checkpoint
        checkpoints.save(state, setup)
        last_checkpoint = time.monotonic()

    step: TrainingStep | None = None
    unaffordable: tuple[tuple[int, ...], GrowthTarget] | None = None  # widths, and a target that covers no unit more
    monitor.started(state.epochs_done, training.epochs, batches)
    try:
        with stop_on_request() as stop, checkpoint_when_out_of_memory(checkpoint, state, budget):
            checkpoint()
            while state.epochs_done < training.epochs:
                if len(state.progress.order) == 0:
                    event = None
                    target = due_growth(state, setup)
                    if target is not None and (state.network.widths, target) != unaffordable:
                        checkpoint()  # also writes the best epoch, and frees the memory of its copy
                        state.optimizer.zero_grad()
                        step = None
                        budget.collect()
                        event = grow(state, data, setup, target)
                        if event is None:
                            unaffordable = state.network.widths, target
                        else:
                            monitor.grew(event)
                    begin_epoch(state, data, grew=event is not None)
                if step is None:
                    dtype = training.product_dtype
                    measure = partial(
                        bytes_per_image, state.network, warps=setup.warps, dtype=dtype, objective=objective
                    )
                    micro_batches.fit(measure, data.images)
                    gradients = objective(state.network, dtype, training.label_smoothing)
                    step = TrainingStep(state, data, setup, batches, micro_batches, gradients)
                    return_freed_memory()  # of the growth and the measurement: the step needs less
                while state.progress.batches < batches:
                    step()
                    monitor.batch(state.progress.batches)
                    is_late = time.monotonic() - last_checkpoint > training.checkpoint_seconds
                    if is_late or stop.signal is not None:
                        checkpoint()
                    stop.raise_if_requested()
                finish_epoch(state, data, setup, batches, micro_batches)
                checkpoints.note_epoch(state, setup)
                monitor.epoch(state.records[-1])
                if monitor.should_stop():
                    logger.info("Stopped after epoch %d of %d, as a monitor asked", state.epochs_done, training.epochs)
                    break
            checkpoint()
    finally:
        monitor.finished()


@contextlib.contextmanager
def checkpoint_when_out_of_memory(
    checkpoint: Callable[[], None], state: TrainingState, budget: MemoryBudget
) -> Iterator[None]:
    """Save a checkpoint when memory runs out for good, and say how to continue.

    Raises:
        MemoryError: With a sentence that says what to do.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        what = str(error) if isinstance(error, MemoryError) and str(error) else "Memory ran out"
        state.optimizer.zero_grad()
        budget.collect()
        saved = "a checkpoint was written"
        try:
            checkpoint()
        except Exception as failed:
            if not is_out_of_memory(failed):
                raise
            saved = "not enough memory for a checkpoint; the previous one is intact"
        raise MemoryError(
            f"{what}: {saved}; free memory, raise memory.budget_fraction or make the network smaller "
            "(growth.max_neurons in a new training), then `kedro run --pipeline resume`"
        ) from error


def batches_per_epoch(images: int, batch_size: int) -> int:
    """Return the number of full batches in a training set; the remaining images wait for another epoch's order."""
    return max(1, images // batch_size)


def begin_epoch(state: TrainingState, data: TrainingData, *, grew: bool) -> None:
    """Draw the order of the images.

    Args:
        state: Between two epochs.
        data: On the device of the network.
        grew: Whether the network grew before this epoch.
    """
    order = torch.randperm(len(data.train), generator=state.data_generator)
    state.progress = EpochProgress.none(state.device)
    state.progress.order = data.train[order]
    state.progress.grew = grew


def finish_epoch(
    state: TrainingState, data: TrainingData, setup: TrainingSetup, batches: int, micro_batches: MicroBatches
) -> None:
    """Validate, and append the epoch to the history."""
    training, progress = setup.training, state.progress
    images = min(batches * training.batch_size, len(progress.order))
    started = time.perf_counter()
    train_loss = float(progress.loss_sum) / images  # synchronises with a GPU
    progress.seconds += time.perf_counter() - started
    if not math.isfinite(train_loss):
        raise FloatingPointError(
            f"The training loss became {train_loss} in epoch {state.epochs_done + 1}: "
            "start again with a smaller training.learning_rate"
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
            train_accuracy=float(progress.correct_count) / images,
            validation_loss=validation.loss,
            validation_accuracy=validation.accuracy,
            seconds=progress.seconds,
            images_per_second=images / progress.seconds,
            rss_bytes=rss_bytes(),
            peak_rss_bytes=peak_rss_bytes(),
            gpu_bytes=gpu_memory_bytes(state.device),
            grew=progress.grew,
            multiply_adds=images * state.network.spec.training_multiply_adds
            + (state.records[-1].multiply_adds if state.records else 0),
            budget_bytes=micro_batches.budget.bytes,
            overhead_bytes=micro_batches.budget.overhead,
        )
    )
    state.progress = EpochProgress.none(state.device)
