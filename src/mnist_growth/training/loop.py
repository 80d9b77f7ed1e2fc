"""Training: one epoch after another."""

import math
import time
from typing import Protocol

import torch
import torch.nn.functional as F

from mnist_growth.digits import warp
from mnist_growth.machine import gpu_memory_bytes, peak_rss_bytes, rss_bytes, stop_on_request
from mnist_growth.network import (
    OPERATORS,
    GrowingMLP,
    scheduled_neurons,
    score,
    update_average,
    widen_together,
)
from mnist_growth.training.history import EpochRecord, GrowthEvent
from mnist_growth.training.learning_rate import learning_rate
from mnist_growth.training.monitor import Monitor
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.state import EpochProgress, TrainingState

PROBE_IMAGES = 256  # validation images on which a growth is checked to have changed nothing


class Checkpoints(Protocol):
    """Takes the state of a training."""

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Keep the state, so that the training can go on from here."""


def train(
    state: TrainingState, data: TrainingData, setup: TrainingSetup, checkpoints: Checkpoints, monitor: Monitor
) -> None:
    """Train until ``setup.training.epochs`` epochs are done, in place.

    A checkpoint is taken after every growth, at the end, and whenever ``checkpoint_seconds`` have passed since the
    last one, also within an epoch. After SIGINT or SIGTERM the batch is finished and a checkpoint taken.

    Args:
        state: a new training, or one that goes on.
        data: on the device of the network.
        setup: all parameters.
        checkpoints: takes the checkpoints.
        monitor: is told of every batch, growth and epoch.

    Raises:
        FloatingPointError: the loss is no longer a finite number.
        KeyboardInterrupt: after SIGINT; ``machine.Terminated`` after SIGTERM.
    """
    batches = batches_per_epoch(len(data.train), setup.training.batch_size)
    last_checkpoint = time.monotonic()

    def checkpoint() -> None:
        nonlocal last_checkpoint
        checkpoints.save(state, setup)
        last_checkpoint = time.monotonic()

    monitor.started(state.epochs_done, setup.training.epochs, batches)
    try:
        with stop_on_request() as stop:
            while state.epochs_done < setup.training.epochs:
                if len(state.progress.order) == 0:
                    begin_epoch(state, data, setup, monitor)
                    if state.progress.grew:
                        checkpoint()
                while state.progress.batches < batches:
                    train_batch(state, data, setup, batches)
                    monitor.batch(state.progress.batches)
                    is_due = time.monotonic() - last_checkpoint > setup.training.checkpoint_seconds
                    if is_due or stop.signal is not None:
                        checkpoint()
                    stop.raise_if_made()
                finish_epoch(state, data, setup, batches)
                monitor.epoch(state.records[-1])
            checkpoint()
    finally:
        monitor.finished()


def batches_per_epoch(images: int, batch_size: int) -> int:
    """Whole batches in a training set; images that are left over wait for another epoch's order."""
    return max(1, images // batch_size)


def begin_epoch(state: TrainingState, data: TrainingData, setup: TrainingSetup, monitor: Monitor) -> None:
    """Grow if it is time, and draw the order of the images."""
    width = scheduled_neurons(state.epochs_done, setup.growth)
    grows = width > min(state.network.widths)
    if grows:
        event = grow(state, data, setup, width)
        monitor.grew(event)
    order = torch.randperm(len(data.train), generator=state.data_generator)
    state.progress = EpochProgress.none(state.device)
    state.progress.order = data.train[order.to(data.train.device)]
    state.progress.grew = grows


def grow(state: TrainingState, data: TrainingData, setup: TrainingSetup, width: int) -> GrowthEvent:
    """Widen the network, its average and the optimizer's state, and measure that the function is the same."""
    probe = data.images[data.validation[:PROBE_IMAGES]]
    before = state.network
    operator = OPERATORS[setup.growth.operator]
    state.network, state.average = widen_together([before, state.average], width, operator, state.data_generator)
    state.average.requires_grad_(False)
    state.optimizer.grow(state.network)
    old_logits, new_logits = (_evaluate(network, probe) for network in (before, state.network))
    event = GrowthEvent(
        epoch=state.epochs_done + 1,
        operator=setup.growth.operator,
        widths_before=before.widths,
        widths_after=state.network.widths,
        parameters_before=before.parameter_count,
        parameters_after=state.network.parameter_count,
        largest_logit_change=float((old_logits - new_logits).abs().max()),
        largest_logit=float(old_logits.abs().max()),
    )
    state.events.append(event)
    return event


def train_batch(state: TrainingState, data: TrainingData, setup: TrainingSetup, batches: int) -> None:
    """One update of the weights from one batch, in micro-batches where the setup asks for them."""
    training, progress = setup.training, state.progress
    started = time.perf_counter()
    start = progress.batches * training.batch_size
    chosen = progress.order[start : start + training.batch_size]
    state.optimizer.zero_grad()
    micro_batches = math.ceil(len(chosen) / (training.micro_batch_size or len(chosen)))
    for indices in torch.tensor_split(chosen, micro_batches):
        images, labels = data.images[indices], data.labels[indices]
        logits = state.network(warp(images, setup.warps, state.warp_generator))
        loss = F.cross_entropy(logits, labels, label_smoothing=training.label_smoothing)
        (loss * (len(indices) / len(chosen))).backward()  # type: ignore[no-untyped-call]
        progress.loss_sum += loss.detach() * len(indices)
        progress.right_sum += (logits.detach().argmax(1) == labels).sum()
    rate = learning_rate(state.epochs_done + (progress.batches + 1) / batches, training)
    state.optimizer.step(rate)
    update_average(state.average, state.network, training.ema_decay, state.updates)
    state.updates += 1
    progress.batches += 1
    progress.seconds += time.perf_counter() - started


def finish_epoch(state: TrainingState, data: TrainingData, setup: TrainingSetup, batches: int) -> None:
    """Validate, and write the epoch into the history."""
    training, progress = setup.training, state.progress
    images = min(batches * training.batch_size, len(progress.order))
    train_loss = float(progress.loss_sum) / images
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
        )
    )
    state.progress = EpochProgress.none(state.device)


@torch.inference_mode()
def _evaluate(network: GrowingMLP, images: torch.Tensor) -> torch.Tensor:
    """Logits in evaluation mode; the network is left in the mode it was in."""
    was_training = network.training
    network.eval()
    logits: torch.Tensor = network(images)
    network.train(was_training)
    return logits
