"""What a study tells about its trainings while they run."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol


class TrialRecord(Protocol):
    """The record of one training; ``tracking.Tracker`` is one."""

    def log_epoch(self, row: Mapping[str, Any], /) -> None:
        """Receive the numbers of an epoch, with the key ``epoch``."""

    def log_metrics(self, metrics: Mapping[str, Any], /) -> None:
        """Receive numbers of the training as a whole."""

    def mark_pruned(self, epoch: int, /) -> None:
        """Learn that the training was stopped after an epoch because others are more promising."""


class Recorder(Protocol):
    """Opens records; ``tracking.Tracker`` does so as child runs."""

    def child_run(
        self, name: str, parameters: Mapping[str, Any], tags: Mapping[str, str] | None = None, /
    ) -> AbstractContextManager[TrialRecord]:
        """Open the record of a training; it ends with the context, as failed after an exception."""
