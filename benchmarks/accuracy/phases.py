"""Print one row for each width of the newest training, in Markdown: the table of docs/documented-run.md.

`kedro run --env documented`, then `make phases`.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.accuracy.results_page import percent
from benchmarks.common.artifacts import newest
from benchmarks.common.paths import PROJECT
from benchmarks.common.tables import markdown

HEADER = (
    "Epochs",
    "Neurons",
    "Parameters",
    "Learning rate",
    "Final training loss",
    "Final training accuracy, %",
    "Final validation loss",
    "Final validation accuracy, %",
    "Seconds per epoch",
    "Peak memory, MB",
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", type=Path, default=PROJECT, help="folder of the project")
    history = pd.read_parquet(newest("training_history.parquet", parser.parse_args().project))
    print(markdown(HEADER, [row(phase) for phase in phases(history).to_dict("records")]))


def phases(history: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each stretch of epochs with the same widths.

    Args:
        history: Training history, with the columns of `training.EpochRecord`.
    """
    numbered = (history["widths"] != history["widths"].shift()).cumsum()
    by_phase = history.groupby(numbered)
    last = by_phase.last()
    return last.assign(
        first_epoch=by_phase["epoch"].first(),
        last_epoch=last["epoch"],
        first_rate=by_phase["learning_rate"].first(),
        seconds=by_phase["seconds"].mean(),
    )


def row(phase: Mapping[Any, Any]) -> list[str]:
    """Format the cells of a phase."""
    return [
        f"{phase['first_epoch']}-{phase['last_epoch']}",
        str(phase["widths"]),
        f"{phase['parameters']:,}",
        f"{phase['first_rate']:.2g} to {phase['learning_rate']:.2g}",
        f"{phase['train_loss']:.4f}",
        percent(phase["train_accuracy"]),
        f"{phase['validation_loss']:.4f}",
        percent(phase["validation_accuracy"]),
        f"{phase['seconds']:.2f}",
        f"{phase['peak_rss_bytes'] / 1e6:,.0f}",
    ]


if __name__ == "__main__":
    main()
