"""A training as the tracked run sees it, while it happens."""

import logging
from dataclasses import asdict

import torch

from mnist_growth.tracking import Tracker
from mnist_growth.training import EpochRecord, GrowthEvent

logger = logging.getLogger(__name__)


class TrackingMonitor:
    """Sends every epoch and growth of a training to the tracked run while it happens."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.run_id = tracker.run_id

    def started(self, epochs_done: int, epochs: int, batches_per_epoch: int) -> None:  # noqa: ARG002
        """Track the number of threads: results repeat bit for bit only with the same one."""
        self.tracker.log_tags({"threads": str(torch.get_num_threads())})

    def batch(self, batches_done: int) -> None:
        """Batches are not tracked."""

    def grew(self, event: GrowthEvent) -> None:
        """Track a growth as a tag with everything about it."""
        self.tracker.log_tags({f"growth.epoch_{event.epoch:04d}": str(asdict(event))})

    def epoch(self, record: EpochRecord) -> None:
        """Track the numbers of an epoch."""
        row = asdict(record)
        self.tracker.log_epoch({**row, "width": max(int(width) for width in record.widths.split("-"))})

    def shrank(self, epoch: int, size: int, reason: str) -> None:
        """Track as a tag that memory was tight; the history has the size of every epoch."""
        self.tracker.log_tags({f"micro_batch_size.epoch_{epoch:04d}": f"{size}: {reason}"})

    def should_stop(self) -> bool:
        """Never: the tracked run only records the training."""
        return False

    def finished(self) -> None:
        """The run ends later, with the pipeline."""
