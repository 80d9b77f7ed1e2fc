"""Training the growing network, from the start or from a checkpoint, in this process or in several."""

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
    TrainingState,
    check_size,
    continue_training,
    growth_table,
    history_table,
    start_training,
)
from mnist_growth.training.distribution import DistributionConfig, Job, divide, share_machine, train_in_processes


def train_network(
    train_digits: Digits,
    split: Split,
    pixel_statistics: PixelStatistics,
    setup: TrainingSetup,
    device: DeviceName,
    threads: Threads,
    memory: MemoryConfig,
    distribution: DistributionConfig,
    kept: CheckpointsConfig,
    checkpoints: CheckpointStore,
    monitor: Monitor,
) -> tuple[TrainedNetwork, pd.DataFrame, pd.DataFrame]:
    """Train a new network.

    Returns:
        The averaged network, the training history with one row per epoch, and the growth events with one row per
        growth and layer.

    Raises:
        ValueError: The network at the start does not fit into the memory, or its checkpoints onto the disk, or a batch
            is too small for the number of processes.
    """
    machine = Machine(device, threads, memory.budget_fraction)
    if distribution.total > 1:
        machine = share_machine(machine, distribution)
        setup = divide(setup, distribution, split)
    check_size(setup, MemoryBudget(machine.budget_fraction, choose_device(device)), checkpoints.folder)
    if distribution.total > 1:
        job = Job(
            setup, train_digits, split, machine, distribution, checkpoints, pixel_statistics, None, monitor.run_id
        )
        return _run_in_processes(job, kept, monitor)
    training = start_training(setup, train_digits, split, pixel_statistics, machine, run_id=monitor.run_id)
    return _run(training, kept, checkpoints, monitor)


def resume_training(
    train_digits: Digits,
    split: Split,
    setup: TrainingSetup,
    device: DeviceName,
    threads: Threads,
    memory: MemoryConfig,
    distribution: DistributionConfig,
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
        ValueError: The checkpoint belongs to another training, or a batch is too small for the number of processes.
    """
    machine = Machine(device, threads, memory.budget_fraction)
    if distribution.total > 1:
        machine = share_machine(machine, distribution)
        setup = divide(setup, distribution, split)
        job = Job(setup, train_digits, split, machine, distribution, checkpoints, None, resume, monitor.run_id)
        return _run_in_processes(job, kept, monitor)
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
    return training.trained(), *_tables(training.state)


def _run_in_processes(
    job: Job, kept: CheckpointsConfig, monitor: Monitor
) -> tuple[TrainedNetwork, pd.DataFrame, pd.DataFrame]:
    job.checkpoints.keep_snapshots(kept.keep)
    with job.checkpoints.in_use():
        state = train_in_processes(job, monitor)
    return job.setup.trained(state.average, state.epochs_done), *_tables(state)


def _tables(state: TrainingState) -> tuple[pd.DataFrame, pd.DataFrame]:
    groups = [group.label for group in state.network.unit_groups()]
    return history_table(state.records), growth_table(state.events, groups)
