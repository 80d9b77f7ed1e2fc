"""Training the growing network, from the start or from a checkpoint."""

import logging
from dataclasses import replace

import pandas as pd
import torch

from mnist_growth.digits import Digits, PixelStatistics, Split, WarpConfig
from mnist_growth.machine import (
    MOST_THREADS,
    DeviceName,
    MemoryBudget,
    MemoryConfig,
    Threads,
    available_processors,
    bound_compiled_products,
    choose_device,
    choose_precision,
    computing_with,
    default_threads,
    prepare_tf32,
)
from mnist_growth.network import GrowingMLP, GrowthConfig, NetworkConfig, TrainedNetwork, scheduled_neurons
from mnist_growth.training import (
    Checkpoint,
    CheckpointStore,
    Monitor,
    TrainingConfig,
    TrainingData,
    TrainingSetup,
    TrainingState,
    growth_table,
    history_table,
    split_fingerprint,
    train,
)

logger = logging.getLogger(__name__)


def training_setup(
    train_digits: Digits,
    split: Split,
    network: NetworkConfig,
    growth: GrowthConfig,
    training: TrainingConfig,
    warps: WarpConfig,
) -> TrainingSetup:
    """Everything that defines the training, gathered for the loop and the checkpoints."""
    return TrainingSetup(
        network=network,
        growth=growth,
        training=training,
        warps=warps,
        dataset=train_digits.dataset,
        fingerprint=train_digits.fingerprint,
        split=split_fingerprint(split),
    )


def train_network(
    train_digits: Digits,
    split: Split,
    pixel_statistics: PixelStatistics,
    setup: TrainingSetup,
    device: DeviceName,
    threads: Threads,
    memory: MemoryConfig,
    checkpoints: CheckpointStore,
    monitor: Monitor,
) -> tuple[TrainedNetwork, pd.DataFrame, pd.DataFrame]:
    """Train a new network.

    Returns:
        The averaged network, the training history with one row per epoch, and the growth events with one row per
        growth and layer.
    """
    target, threads = choose_device(device), threads or default_threads()
    network = GrowingMLP(
        [scheduled_neurons(0, setup.growth)] * setup.network.hidden_layers,
        batch_norm=setup.network.batch_norm,
        pixel_mean=pixel_statistics.mean,
        pixel_std=pixel_statistics.std,
        generator=torch.Generator().manual_seed(setup.training.seed),
    ).to(target)
    setup = setup.with_precision(choose_precision(setup.training.precision, target))
    state = TrainingState.begin(network, setup.training.weight_decay, setup.training.seed, monitor.run_id)
    return _train(state, train_digits, split, replace(setup, threads=threads), memory, checkpoints, monitor)


def resume_training(
    train_digits: Digits,
    split: Split,
    setup: TrainingSetup,
    device: DeviceName,
    threads: Threads,
    memory: MemoryConfig,
    checkpoints: CheckpointStore,
    monitor: Monitor,
) -> tuple[TrainedNetwork, pd.DataFrame, pd.DataFrame]:
    """Go on from the newest checkpoint of an earlier training.

    Returns:
        As ``train_network``; the tables begin with the epochs before the checkpoint.

    Raises:
        FileNotFoundError: there is no checkpoint.
        ValueError: the checkpoint belongs to another training.
    """
    checkpoint = checkpoints.latest()
    earlier = checkpoint.header["setup"]
    if setup.training.precision == "auto":
        setup = setup.with_precision(earlier["training"]["precision"])
    setup.check_continues(earlier)
    state = checkpoint.restore(choose_device(device))
    logger.info("Going on from %s: %d epochs done", checkpoint.path, state.epochs_done)
    if state.epochs_done >= setup.training.epochs:
        logger.warning(
            "This training has all its %d epochs; to train on, give a larger number: --params training.epochs=%d",
            state.epochs_done,
            2 * state.epochs_done,
        )
    threads = threads or _threads_before(checkpoint) or default_threads()
    return _train(state, train_digits, split, replace(setup, threads=threads), memory, checkpoints, monitor)


def _threads_before(checkpoint: Checkpoint) -> int | None:
    """The number of threads that a checkpoint was computed with, so that the result stays the same bit for bit."""
    threads = checkpoint.header["setup"].get("threads")
    if not isinstance(threads, int) or not 1 <= threads <= MOST_THREADS:
        return None
    if threads > available_processors():
        logger.warning(
            "Going on with %d threads as before, so that the result stays the same bit for bit, but there are only %d "
            "processors: --params threads=%d is faster",
            threads,
            available_processors(),
            available_processors(),
        )
    return threads


def _train(
    state: TrainingState,
    digits: Digits,
    split: Split,
    setup: TrainingSetup,
    memory: MemoryConfig,
    checkpoints: CheckpointStore,
    monitor: Monitor,
) -> tuple[TrainedNetwork, pd.DataFrame, pd.DataFrame]:
    assert setup.threads is not None
    prepare_tf32(setup.training.precision)
    bound_compiled_products(setup.network.hidden_layers)
    logger.info("Training on %s in %s with %d threads", state.device, setup.training.precision, setup.threads)
    budget = MemoryBudget(memory.budget_fraction, state.device)
    with checkpoints.in_use(), computing_with(setup.threads):
        train(state, TrainingData.of(digits, split, budget), setup, checkpoints, monitor, budget)
    trained = TrainedNetwork(
        network=state.average.to("cpu"),
        dataset=digits.dataset,
        fingerprint=digits.fingerprint,
        epochs=state.epochs_done,
        split=setup.split,
    )
    history = history_table(state.records)
    return trained, history, growth_table(state.events)
