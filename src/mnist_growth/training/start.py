"""Assembling a training: parameters, digits, network, optimizer state and machine."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from mnist_growth.digits import Digits, PixelStatistics, Split
from mnist_growth.evaluation import accuracy_without_learning
from mnist_growth.growth import check_growth
from mnist_growth.learning import ObjectiveFactory, objective_factory
from mnist_growth.machine import (
    MAX_THREADS,
    DeviceName,
    MemoryBudget,
    Threads,
    available_processors,
    choose_device,
    choose_precision,
    configure_tf32,
    default_threads,
    limit_primitive_cache,
    use_threads,
)
from mnist_growth.network import Network, TrainedNetwork, build
from mnist_growth.training.checkpoint import Checkpoint
from mnist_growth.training.checkpoints import Checkpoints
from mnist_growth.training.loop import Change, train
from mnist_growth.training.monitor import Monitor
from mnist_growth.training.resume import ResumeConfig, first_epoch_of_schedule
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.size import last_spec
from mnist_growth.training.state import TrainingState
from mnist_growth.training.team import Team

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Machine:
    """What a training runs on.

    Attributes:
        device: Name of the device.
        threads: Number of threads that compute; None: as many as processors may be used, or those of the checkpoint.
        budget_fraction: Share of the memory that may be used.
    """

    device: DeviceName
    threads: Threads
    budget_fraction: float


@dataclass(frozen=True)
class Training:
    """A training that is ready to run.

    Attributes:
        state: At its start, or at a checkpoint; trained in place.
        data: On the device of the network where it fits there.
        setup: All parameters; nothing is left open.
        budget: Memory that may be used.
        objective: Makes what computes the gradients.
        before_epoch: Changes the state before every epoch.
    """

    state: TrainingState
    data: TrainingData
    setup: TrainingSetup
    budget: MemoryBudget
    objective: ObjectiveFactory
    before_epoch: Change | None = None

    def run(
        self, checkpoints: Checkpoints, monitor: Monitor, *, is_judged: bool = True, team: Team | None = None
    ) -> None:
        """Train to the last epoch; see ``train``.

        Args:
            checkpoints: Receives the checkpoints.
            monitor: Receives every batch, growth step and epoch.
            is_judged: Whether to warn if the network answers the validation digits no better than a constant.
            team: The processes that train together; None for this one alone.
        """
        assert self.setup.threads is not None
        configure_tf32(self.setup.training.precision)
        limit_primitive_cache(len(self.state.network.costs()) - 1)
        logger.info(
            "Training on %s in %s with %s%s",
            self.state.device,
            self.setup.training.precision,
            "1 thread" if self.setup.threads == 1 else f"{self.setup.threads} threads",
            "" if self.setup.processes == 1 else f" in each of {self.setup.processes} processes",
        )
        with use_threads(self.setup.threads):
            train(
                self.state,
                self.data,
                self.setup,
                checkpoints,
                monitor,
                self.budget,
                self.objective,
                self.before_epoch,
                team,
            )
        if is_judged:
            self._warn_if_nothing_was_learned()

    def _warn_if_nothing_was_learned(self) -> None:
        """Log a warning if the network is not better than a constant answer."""
        accuracy = self.state.records[-1].validation_accuracy if self.state.records else 1.0
        labels = self.data.labels[self.data.validation.to(self.data.labels.device)]
        if accuracy <= accuracy_without_learning(labels.cpu().numpy()):
            logger.warning(
                "The network has learned nothing: it classifies %.1f %% of the validation digits correctly, no more "
                "than a constant answer would; change training.learning_rate (it is %g)",
                100 * accuracy,
                self.setup.training.learning_rate,
            )

    def trained(self) -> TrainedNetwork:
        """Return the averaged network as it is now, on the CPU."""
        return self.setup.trained(self.state.average.to("cpu"), self.state.epochs_done)


def start_training(
    setup: TrainingSetup,
    digits: Digits,
    split: Split,
    pixels: PixelStatistics,
    machine: Machine,
    *,
    run_id: str = "",
    objective: ObjectiveFactory | None = None,
    network: Network | None = None,
) -> Training:
    """Assemble a new training.

    Args:
        setup: Of ``define_training``.
        digits: Training digits.
        split: Into training and validation part.
        pixels: Mean and standard deviation of the pixels of the training part.
        machine: What it runs on.
        run_id: Id of the tracked run; empty without one.
        objective: Makes what computes the gradients; None for those of ``training.loss``.
        network: With its initial weights, which are trained in place; None for random ones.

    Raises:
        ValueError: The network grows with an operator, or a choice of groups, that is not offered for all groups.
    """
    device = choose_device(machine.device)
    seed = setup.training.seed
    setup = replace(
        setup.with_precision(choose_precision(setup.training.precision, device)),
        threads=machine.threads or default_threads(),
    )
    if network is None:
        network = build(setup.initial_spec, pixels, torch.Generator().manual_seed(seed))
        if last_spec(setup) != setup.initial_spec:
            check_growth(setup.growth, network)
    state = TrainingState.begin(network.to(device), setup.training.weight_decay, seed, run_id)
    return _assembled(state, setup, digits, split, machine, objective)


def continue_training(
    setup: TrainingSetup,
    digits: Digits,
    split: Split,
    checkpoint: Checkpoint,
    machine: Machine,
    resume: ResumeConfig,
    *,
    run_id: str = "",
    objective: ObjectiveFactory | None = None,
) -> Training:
    """Assemble a training that continues from a checkpoint.

    Args:
        setup: Of ``define_training``; only what may change differs from that of the checkpoint.
        digits: Training digits.
        split: Into training and validation part.
        checkpoint: Where to continue.
        machine: What it runs on.
        resume: What happens to the learning rate schedule if the number of epochs changes.
        run_id: Id of the tracked run; empty: that of the checkpoint.
        objective: Makes what computes the gradients; None for those of ``training.loss``.

    Raises:
        ValueError: The checkpoint belongs to another training.
    """
    earlier = checkpoint.header["setup"]
    if setup.training.precision == "auto":
        setup = setup.with_precision(earlier["training"]["precision"])
    setup.check_continues(earlier)
    state = checkpoint.restore(choose_device(machine.device))
    state.run_id = run_id or state.run_id
    logger.info("Continuing from %s: %d epochs completed", checkpoint.path, state.epochs_done)
    _report_distribution(earlier.get("distribution", {"processes": 1, "batch_norm": "global"}), setup)
    setup = replace(
        setup,
        threads=machine.threads or _threads_before(checkpoint) or default_threads(),
        schedule_start=first_epoch_of_schedule(checkpoint.header, setup.training.epochs, resume),
    )
    return _assembled(state, setup, digits, split, machine, objective)


def branch_training(
    setup: TrainingSetup,
    digits: Digits,
    split: Split,
    checkpoint: Checkpoint,
    machine: Machine,
    *,
    objective: ObjectiveFactory | None = None,
) -> Training:
    """Assemble a training that goes on from a checkpoint of another training, with parameters of its own.

    Args:
        setup: Its ``schedule_start`` is the number of epochs of the checkpoint if the schedule begins there.
        digits: Training digits.
        split: Into training and validation part.
        checkpoint: Where to begin.
        machine: What it runs on.
        objective: Makes what computes the gradients; None for those of ``training.loss``.
    """
    device = choose_device(machine.device)
    setup = replace(
        setup.with_precision(choose_precision(setup.training.precision, device)),
        threads=machine.threads or default_threads(),
    )
    return _assembled(checkpoint.restore(device), setup, digits, split, machine, objective)


def _assembled(
    state: TrainingState,
    setup: TrainingSetup,
    digits: Digits,
    split: Split,
    machine: Machine,
    objective: ObjectiveFactory | None,
) -> Training:
    budget = MemoryBudget(machine.budget_fraction, state.device)
    objective = objective or objective_factory(setup.training.loss)
    return Training(state, TrainingData.of(digits, split, budget), setup, budget, objective)


def _report_distribution(before: Mapping[str, Any], setup: TrainingSetup) -> None:
    """Say that a training is continued by other processes: its result is then not the same bit for bit."""
    changes = [f"{name} {before[name]} -> {now}" for name, now in setup.distribution.items() if before[name] != now]
    if changes and (setup.processes, before["processes"]) != (1, 1):
        logger.info("Changed on resume: distribution.%s; the result is not the same bit for bit", ", ".join(changes))


def _threads_before(checkpoint: Checkpoint) -> int | None:
    """Return the number of threads that a checkpoint was computed with: with it the result stays the same."""
    threads = checkpoint.header["setup"].get("threads")
    if not isinstance(threads, int) or not 1 <= threads <= MAX_THREADS:
        return None
    if threads > available_processors():
        logger.warning(
            "Continuing with %d threads as before, so that the result stays the same bit for bit, but there are only "
            "%d processors: --params threads=%d is faster",
            threads,
            available_processors(),
            available_processors(),
        )
    return threads
