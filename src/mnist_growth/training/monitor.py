"""Observers of a training."""

from collections.abc import Sequence
from typing import Protocol

from mnist_growth.training.history import EpochRecord, GrowthEvent


class Monitor(Protocol):
    """Receives the events of a training. It must not change the training, but it can ask it to stop.

    Attributes:
        run_id: Id of the tracked run. Checkpoints keep it so that a resumed training continues the run. Empty without
            a tracked run.
    """

    run_id: str

    def started(self, epochs_done: int, epochs: int, batches_per_epoch: int) -> None:
        """Training begins, or continues after `epochs_done` epochs."""

    def batch(self, batches_done: int) -> None:
        """A batch is done: so many of ``training.batch_size`` images are completed in this epoch."""

    def grew(self, event: GrowthEvent) -> None:
        """The network was widened."""

    def epoch(self, record: EpochRecord) -> None:
        """An epoch is done."""

    def shrank(self, epoch: int, size: int, reason: str) -> None:
        """Memory is scarce: from one-based `epoch` on, `size` images at a time go through the network."""

    def should_stop(self) -> bool:
        """Whether the training should end now; asked after every epoch.

        A study stops a trial this way when it is pruned.
        """

    def finished(self) -> None:
        """Training has ended, normally or with an error."""


class Monitors:
    """Passes every event on to several monitors; `run_id` is the first one that is not empty."""

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        self.monitors = list(monitors)
        self.run_id = next((monitor.run_id for monitor in monitors if monitor.run_id), "")

    def started(self, epochs_done: int, epochs: int, batches_per_epoch: int) -> None:
        """Notify every monitor."""
        for monitor in self.monitors:
            monitor.started(epochs_done, epochs, batches_per_epoch)

    def batch(self, batches_done: int) -> None:
        """Notify every monitor."""
        for monitor in self.monitors:
            monitor.batch(batches_done)

    def grew(self, event: GrowthEvent) -> None:
        """Notify every monitor."""
        for monitor in self.monitors:
            monitor.grew(event)

    def epoch(self, record: EpochRecord) -> None:
        """Notify every monitor."""
        for monitor in self.monitors:
            monitor.epoch(record)

    def shrank(self, epoch: int, size: int, reason: str) -> None:
        """Notify every monitor."""
        for monitor in self.monitors:
            monitor.shrank(epoch, size, reason)

    def should_stop(self) -> bool:
        """Whether any monitor asks the training to stop."""
        return any(monitor.should_stop() for monitor in self.monitors)

    def finished(self) -> None:
        """Notify every monitor."""
        for monitor in self.monitors:
            monitor.finished()
