"""Who is told how a training goes."""

from collections.abc import Sequence
from typing import Protocol

from mnist_growth.training.history import EpochRecord, GrowthEvent


class Monitor(Protocol):
    """Told of everything that happens in a training; must not change it.

    Attributes:
        run_id: name of the tracked run, kept in the checkpoints so that a resumed training continues it; empty if none.
    """

    run_id: str

    def started(self, epochs_done: int, epochs: int, batches_per_epoch: int) -> None:
        """Training begins, or goes on after ``epochs_done`` epochs."""

    def batch(self, batches_done: int) -> None:
        """A batch of the current epoch is done."""

    def grew(self, event: GrowthEvent) -> None:
        """The network was widened."""

    def epoch(self, record: EpochRecord) -> None:
        """An epoch is done."""

    def shrank(self, epoch: int, size: int, reason: str) -> None:
        """Memory is tight: from now on, in one-based ``epoch``, ``size`` images go through the network at once."""

    def finished(self) -> None:
        """Training is over, at its end or by an error."""


class Monitors:
    """Several monitors as one; its run is the first one's that has a name."""

    def __init__(self, monitors: Sequence[Monitor]) -> None:
        self.monitors = list(monitors)
        self.run_id = next((monitor.run_id for monitor in monitors if monitor.run_id), "")

    def started(self, epochs_done: int, epochs: int, batches_per_epoch: int) -> None:
        """Tell every monitor."""
        for monitor in self.monitors:
            monitor.started(epochs_done, epochs, batches_per_epoch)

    def batch(self, batches_done: int) -> None:
        """Tell every monitor."""
        for monitor in self.monitors:
            monitor.batch(batches_done)

    def grew(self, event: GrowthEvent) -> None:
        """Tell every monitor."""
        for monitor in self.monitors:
            monitor.grew(event)

    def epoch(self, record: EpochRecord) -> None:
        """Tell every monitor."""
        for monitor in self.monitors:
            monitor.epoch(record)

    def shrank(self, epoch: int, size: int, reason: str) -> None:
        """Tell every monitor."""
        for monitor in self.monitors:
            monitor.shrank(epoch, size, reason)

    def finished(self) -> None:
        """Tell every monitor."""
        for monitor in self.monitors:
            monitor.finished()
