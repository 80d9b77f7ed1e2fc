"""Progress of a training in the terminal."""

import logging
from collections.abc import Mapping

import rich
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from mnist_growth import progress
from mnist_growth.training.history import EpochRecord, GrowthEvent

logger = logging.getLogger(__name__)

_BETWEEN = "  "  # columns of the table
_COLUMNS = {
    "epoch": 5,
    "validation": 10,
    "accuracy": 8,
    "loss": 6,
    "val. loss": 9,
    "width": 11,
    "images/s": 9,
    "memory": 8,
}
"""Columns of the table with their widths in characters; a narrow terminal shows the first ones only."""

_WIDE = 60  # characters; a narrower terminal has no room for the bar


class TerminalMonitor:
    """A table with one row per epoch above the progress bar; plain log lines if the output is not a terminal."""

    run_id = ""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or rich.get_console()
        self.progress: Progress | None = None
        self.task = TaskID(0)
        self.headed = False

    def started(self, epochs_done: int, epochs: int, batches_per_epoch: int) -> None:
        """Open the progress bar if the output is a terminal."""
        self.batches_per_epoch = batches_per_epoch
        self.epochs_done = epochs_done
        progress.end()  # the table and the bar show what is done
        if not self.console.is_terminal:
            return
        self.progress = Progress(
            TextColumn("{task.description}"),
            *([BarColumn()] if self.console.width >= _WIDE else []),
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
        """Report the new widths and the largest change of a logit."""
        before, after = ("-".join(map(str, widths)) for widths in (event.widths_before, event.widths_after))
        parameters, change = f"{event.parameters_after:,} parameters", f"{event.largest_logit_change:.1e}"
        if self.progress is None:
            logger.info("grew %s -> %s (%s; largest change of a logit %s)", before, after, parameters, change)
        else:
            self._say(f"grew to {after}, {parameters}, logits within {change}")

    def epoch(self, record: EpochRecord) -> None:
        """Report the results of the epoch."""
        self.epochs_done = record.epoch
        cells = {
            "epoch": f"{record.epoch}",
            "validation": f"{record.validation_accuracy:.2%}",
            "accuracy": f"{record.train_accuracy:.2%}",
            "loss": f"{record.train_loss:.4f}",
            "val. loss": f"{record.validation_loss:.4f}",
            "width": record.widths,
            "images/s": f"{record.images_per_second:,.0f}",
            "memory": f"{record.rss_bytes / 1e6:,.0f} MB",
        }
        if self.progress is None:
            logger.info(
                "epoch %3d  width %s  loss %s  accuracy %s  validation %s (loss %s)  %s images/s  %s",
                record.epoch,
                *(
                    cells[name]
                    for name in ("width", "loss", "accuracy", "validation", "val. loss", "images/s", "memory")
                ),
            )
            return
        if not self.headed:
            self._say(self._row({name: name for name in cells}))
            self.headed = True
        self._say(self._row(cells))
        self.progress.update(self.task, description=f"epoch {min(record.epoch + 1, self.epochs)}/{self.epochs}")

    def shrank(self, epoch: int, size: int, reason: str) -> None:
        """Do nothing: a warning is logged where this happens."""

    def should_stop(self) -> bool:
        """Never: the terminal only shows the training."""
        return False

    def finished(self) -> None:
        """Close the progress bar."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None

    def _row(self, cells: Mapping[str, str]) -> str:
        """Return as many cells of a row as fit into the terminal."""
        line = ""
        for name, width in _COLUMNS.items():
            longer = f"{line}{_BETWEEN if line else ''}{cells[name]:>{width}}"
            if len(longer) > self.console.width:
                break
            line = longer
        return line

    def _say(self, line: str) -> None:
        if self.progress is not None:
            self.progress.console.print(line, highlight=False)
