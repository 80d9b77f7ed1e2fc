"""Tracking a training while it runs."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import torch

from mnist_growth.tracking import Tracker
from mnist_growth.training import EpochRecord, GrowthEvent

logger = logging.getLogger(__name__)


class TrackingMonitor:
    """Sends every epoch and every growth of a training to the tracked run.

    Attributes:
        has_started: Whether the training has started.
    """

    def __init__(self, tracker: Tracker) -> None:
        self.has_started = False
        self.tracker = tracker
        self.run_id = tracker.run_id

    def started(self, epochs_done: int, epochs: int, batches_per_epoch: int) -> None:  # noqa: ARG002
        """Record the number of threads: results are bit-identical only for the same number."""
        self.has_started = True
        self.tracker.log_tags({"threads": str(torch.get_num_threads())})

    def epochs_before(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Record the epochs of an earlier run that this one continues."""
        for record in records:
            self.epoch(EpochRecord(**record))

    def batch(self, batches_done: int) -> None:
        """Do nothing: batches are not tracked."""

    def grew(self, event: GrowthEvent) -> None:
        """Record a growth with all its values as a tag."""
        self.tracker.log_tags({f"growth.epoch_{event.epoch:04d}": str(asdict(event))})

    def epoch(self, record: EpochRecord) -> None:
        """Record the metrics of an epoch."""
        row = asdict(record)
        self.tracker.log_epoch({**row, "width": max(int(width) for width in record.widths.split("-"))})

    def shrank(self, epoch: int, size: int, reason: str) -> None:
        """Record as a tag that memory was scarce; the history has the size of every epoch."""
        self.tracker.log_tags({f"micro_batch_size.epoch_{epoch:04d}": f"{size}: {reason}"})

    def should_stop(self) -> bool:
        """Never: the tracked run only records the training."""
        return False

    def finished(self) -> None:
        """Do nothing: the run ends with the pipeline."""
