"""The start and the end of an epoch of a training."""

import math
import time

import torch

from mnist_growth.machine import gpu_memory_bytes, peak_rss_bytes, rss_bytes
from mnist_growth.network import score
from mnist_growth.training.history import EpochRecord
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.pace import learning_rate
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.state import EpochProgress, TrainingState


def batches_per_epoch(image_count: int, batch_size: int) -> int:
    """Return the number of batches per epoch: all full ones, or a partial one if the set is smaller than a batch.

    The images left over are skipped in this epoch; every epoch shuffles again.
    """
    return max(1, image_count // batch_size)


def begin_epoch(state: TrainingState, data: TrainingData, *, grew: bool, batch_size: int) -> None:
    """Draw the order of the images.

    Args:
        state: Between two epochs.
        data: Only the training indices are used.
        grew: Whether the network grew before this epoch.
        batch_size: Images per update.
    """
    order = torch.randperm(len(data.train), generator=state.data_generator)
    state.progress = EpochProgress.none(state.device)
    state.progress.order = data.train[order]
    state.progress.grew, state.progress.batch_size = grew, batch_size


def finish_epoch(state: TrainingState, data: TrainingData, setup: TrainingSetup, micro_batches: MicroBatches) -> None:
    """Validate, and append the epoch to the history.

    Raises:
        FloatingPointError: The mean training loss is not finite.
    """
    training, progress = setup.training, state.progress
    images = min(progress.batches * progress.batch_size, len(progress.order))
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
            learning_rate=learning_rate(state.epochs_done, training, setup.schedule_start),
            batch_size=progress.batch_size,
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
