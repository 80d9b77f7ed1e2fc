"""A training as seen in the terminal."""

import logging

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from mnist_growth.training.history import EpochRecord, GrowthEvent

logger = logging.getLogger(__name__)


class TerminalMonitor:
    """A progress bar with one line per epoch; plain log lines where the output is no terminal."""

    run_id = ""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self.progress: Progress | None = None
        self.task = TaskID(0)

    def started(self, epochs_done: int, epochs: int, batches_per_epoch: int) -> None:
        """Open the progress bar where there is a terminal."""
        self.batches_per_epoch = batches_per_epoch
        self.epochs_done = epochs_done
        if not self.console.is_terminal:
            return
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("batches"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self.console,
        )
        self.task = self.progress.add_task(
            f"epoch {epochs_done + 1}/{epochs}",
            total=epochs * batches_per_epoch,
            completed=epochs_done * batches_per_epoch,
        )
        self.epochs = epochs
        self.progress.start()

    def batch(self, batches_done: int) -> None:
        """Move the bar."""
        if self.progress is not None:
            self.progress.update(self.task, completed=self.epochs_done * self.batches_per_epoch + batches_done)

    def grew(self, event: GrowthEvent) -> None:
        """Say how the network grew and that it still computes the same."""
        before, after = ("-".join(map(str, widths)) for widths in (event.widths_before, event.widths_after))
        self._say(
            f"grew {before} -> {after} ({event.parameters_after:,} parameters; "
            f"largest change of a logit {event.largest_logit_change:.1e})"
        )

    def epoch(self, record: EpochRecord) -> None:
        """Say what the epoch brought."""
        self.epochs_done = record.epoch
        self._say(
            f"epoch {record.epoch:3d}  width {record.widths}  loss {record.train_loss:.4f}  "
            f"accuracy {record.train_accuracy:.2%}  validation {record.validation_accuracy:.2%}  "
            f"{record.images_per_second:,.0f} images/s  {record.rss_bytes / 1e6:.0f} MB"
        )
        if self.progress is not None:
            self.progress.update(self.task, description=f"epoch {min(record.epoch + 1, self.epochs)}/{self.epochs}")

    def shrank(self, epoch: int, size: int, reason: str) -> None:
        """Nothing more: a warning in the log says so."""

    def finished(self) -> None:
        """Close the progress bar."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None

    def _say(self, line: str) -> None:
        if self.progress is not None:
            self.progress.console.print(line, highlight=False)
        else:
            logger.info(line)
