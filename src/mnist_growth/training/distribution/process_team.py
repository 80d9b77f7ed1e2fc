"""What the processes of one training decide together."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from mnist_growth.learning import BatchResult, ObjectiveFactory, Sharding, all_reduced_factory
from mnist_growth.machine import ProcessGroup, ProcessLostError
from mnist_growth.training.checkpoint import Checkpoint, contents
from mnist_growth.training.checkpoints import Checkpoints
from mnist_growth.training.history import GrowthEvent
from mnist_growth.training.setup import TrainingSetup
from mnist_growth.training.start import Training
from mnist_growth.training.state import EpochProgress, TrainingState
from mnist_growth.training.team import Exchange, Requests, Team

T = TypeVar("T")

_HIGHEST_SIGNAL = 64


class ProcessTeam(Team):
    """One of several processes that train the same network on parts of the same batches.

    The main process, of rank 0, decides about growth, batch sizes and the end of the training, validates, and writes
    checkpoints. The others receive its decisions. Weights, averages and the state of the optimizer are bit-equal in all
    processes after each update.

    Args:
        processes: All of them train.
        is_norm_global: Whether batch norm normalises over the images of all processes, or of each one alone.
    """

    processes: ProcessGroup
    sharding: Sharding

    def __init__(self, processes: ProcessGroup, *, is_norm_global: bool) -> None:
        super().__init__()
        self.processes, self.is_norm_global = processes, is_norm_global
        self.sharding = Sharding(processes.rank, processes.size)

    def min_images(self, of_network: int) -> int:
        """Return the smallest micro-batch; each process has at least one image of it."""
        each = 1 if self.is_norm_global else of_network
        return max(of_network, each * self.processes.size)

    def distributed(self, factory: ObjectiveFactory) -> ObjectiveFactory:
        """Return a factory of objectives whose gradients are those of all processes."""
        return all_reduced_factory(factory, self.sharding, self.processes, is_norm_global=self.is_norm_global)

    def start_exchange(self, result: BatchResult) -> Exchange:
        """Begin to sum loss and accuracy, and to exchange the requests of all processes."""
        values = torch.zeros(4 + _HIGHEST_SIGNAL, dtype=torch.float64)
        values[2], values[3] = float(self.requests.checkpoint), float(self.requests.shrink)
        if self.requests.signal is not None:
            values[3 + self.requests.signal] = 1
        values = values.to(self.processes.device, non_blocking=True)
        values[0], values[1] = result.loss_sum, result.correct_count
        return Exchange(values, self.processes.start_sum(values))

    def finish_exchange(self, result: BatchResult, exchange: Exchange | None) -> BatchResult:  # noqa: ARG002
        """Return loss and accuracy of the whole batch, and set ``agreed`` to what any process has asked for."""
        assert exchange is not None
        exchange.pending.wait()
        values = exchange.values
        found = values.tolist()
        signals = [number for number in range(1, _HIGHEST_SIGNAL + 1) if found[3 + number]]
        self.agreed = Requests(signals[0] if signals else None, bool(found[2]), bool(found[3]))
        return BatchResult(loss_sum=values[0], correct_count=values[1].to(torch.int64))

    def decide(self, choose: Callable[[], T]) -> T:
        """Return what the main process chooses."""
        return self.processes.decide(choose)

    def grow(
        self, state: TrainingState, setup: TrainingSetup, grow: Callable[[], GrowthEvent | None]
    ) -> GrowthEvent | None:
        """Grow the network in the main process, and copy its state to the others."""
        event = self.processes.decide(grow)
        if event is not None:
            self.share_state(state, setup)
            self.check_equal(state)
        return event

    def share_state(self, state: TrainingState, setup: TrainingSetup, source: int = 0) -> None:
        """Replace the state of a training by that of one process.

        Args:
            state: Of this process; it is changed in place.
            setup: All parameters.
            source: Rank of the process that has the state.
        """
        if self.processes.rank == source:
            tensors, header = contents(state, setup)
            self.processes.decide(lambda: header, source)
            self.processes.share_tensors(tensors, source)
            return
        received: dict[str, Any] = self.processes.decide(dict, source)
        shared = Checkpoint(Path(f"process {source}"), self.processes.share_tensors(None, source), received)
        vars(state).update(vars(shared.restore(state.device, state.network.dtype)))

    def shared(self, training: Training, source: int) -> Training:
        """Return the training of one process: its setup, and its state in place of that of this process.

        Args:
            training: Of this process; its state is changed in place.
            source: Rank of the process whose training it is.
        """
        setup = self.processes.decide(lambda: training.setup, source)
        self.share_state(training.state, setup, source)
        return replace(training, setup=setup)

    def finish_epoch(self, state: TrainingState, finish: Callable[[], None]) -> None:
        """Validate in the main process, and add its record of the epoch to the history of the others."""

        def record() -> Any:
            finish()
            return state.records[-1]

        finished = self.processes.decide(record)
        if not self.processes.is_main:
            state.records.append(finished)
            state.epochs_done = finished.epoch
            state.progress = EpochProgress.none(state.device)

    def check_equal(self, state: TrainingState) -> None:
        """Check that the state of the training is bit-equal in all processes.

        Raises:
            ProcessLostError: It is not.
        """
        found = self.processes.gather(_digest(state))
        for rank, digest in enumerate(found):
            if digest != found[0]:
                raise ProcessLostError(
                    f"Process {rank} of the training has other weights or another optimizer state than process 0 after "
                    f"update {state.updates}"
                )


def _digest(state: TrainingState) -> str:
    """Return the SHA-256 of everything that must be equal in all processes."""
    digest = hashlib.sha256(f"{state.updates} {state.epochs_done} {state.progress.batches}".encode())
    moments, _ = state.optimizer.state()
    for tensors in (state.network.state_dict(), state.average.state_dict(), moments):
        for name, tensor in tensors.items():
            digest.update(name.encode())
            digest.update(_bytes(tensor))
    digest.update(_bytes(state.data_generator.get_state()))
    digest.update(_bytes(state.warp_generator.get_state()))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> memoryview:
    array: Any = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy()
    return memoryview(array)


class TeamCheckpoints:
    """Checkpoints of a training in several processes: checked in all of them, written by the main one.

    Args:
        checkpoints: Receives the states of the main process.
        team: The processes.
    """

    def __init__(self, checkpoints: Checkpoints, team: ProcessTeam) -> None:
        self.checkpoints, self.team = checkpoints, team

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Check that all processes have the same state, and keep it."""
        self.team.check_equal(state)
        if self.team.processes.is_main:
            self.checkpoints.save(state, setup)

    def note_start(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Pass on the state of the main process."""
        if self.team.processes.is_main:
            self.checkpoints.note_start(state, setup)

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Pass on the state of the main process."""
        if self.team.processes.is_main:
            self.checkpoints.note_epoch(state, setup)

    def note_growth(self, state: TrainingState, setup: TrainingSetup, *, is_done: bool) -> None:
        """Pass on the state of the main process."""
        if self.team.processes.is_main:
            self.checkpoints.note_growth(state, setup, is_done=is_done)
