"""Training the growing network, from the start or from a checkpoint."""

import pandas as pd

from mnist_growth.digits import Digits, PixelStatistics, Split
from mnist_growth.machine import DeviceName, MemoryBudget, MemoryConfig, Threads, choose_device
from mnist_growth.network import TrainedNetwork
from mnist_growth.training import (
    CheckpointsConfig,
    CheckpointStore,
    Machine,
    Monitor,
    ResumeConfig,
    Training,
    TrainingSetup,
    check_size,
    continue_training,
    growth_table,
    history_table,
    start_training,
)


def train_network(
    train_digits: Digits,
    split: Split,
    pixel_statistics: PixelStatistics,
    setup: TrainingSetup,
    device: DeviceName,
    threads: Threads,
    memory: MemoryConfig,
    kept: CheckpointsConfig,
    checkpoints: CheckpointStore,
    monitor: Monitor,
) -> tuple[TrainedNetwork, pd.DataFrame, pd.DataFrame]:
    """Train a new network.

    Returns:
        The averaged network, the training history with one row per epoch, and the growth events with one row per
        growth and layer.

    Raises:
        ValueError: The network at the start does not fit into the memory, or its checkpoints onto the disk.
    """
    machine = Machine(device, threads, memory.budget_fraction)
    check_size(setup, MemoryBudget(memory.budget_fraction, choose_device(device)), checkpoints.folder)
    training = start_training(setup, train_digits, split, pixel_statistics, machine, run_id=monitor.run_id)
    return _run(training, kept, checkpoints, monitor)


def resume_training(
    train_digits: Digits,
    split: Split,
    setup: TrainingSetup,
    device: DeviceName,
    threads: Threads,
    memory: MemoryConfig,
    resume: ResumeConfig,
    kept: CheckpointsConfig,
    checkpoints: CheckpointStore,
    monitor: Monitor,
) -> tuple[TrainedNetwork, pd.DataFrame, pd.DataFrame]:
    """Continue from the newest checkpoint of an earlier training.

    Returns:
        As ``train_network``; the tables begin with the epochs before the checkpoint.

    Raises:
        FileNotFoundError: There is no checkpoint.
        ValueError: The checkpoint belongs to another training.
    """
    machine = Machine(device, threads, memory.budget_fraction)
    training = continue_training(
        setup, train_digits, split, checkpoints.latest(), machine, resume, run_id=monitor.run_id
    )
    return _run(training, kept, checkpoints, monitor)


def _run(
    training: Training, kept: CheckpointsConfig, checkpoints: CheckpointStore, monitor: Monitor
) -> tuple[TrainedNetwork, pd.DataFrame, pd.DataFrame]:
    checkpoints.keep_snapshots(kept.keep)
    with checkpoints.in_use():
        training.run(checkpoints, monitor)
    state = training.state
    groups = [group.label for group in state.network.unit_groups()]
    return training.trained(), history_table(state.records), growth_table(state.events, groups)
