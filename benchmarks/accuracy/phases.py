"""Print what a training was like at each width, in Markdown, from the newest training history in data/.

kedro run --env documented && python -m benchmarks.accuracy.phases
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.accuracy.results_page import newest, percent
from benchmarks.common.tables import markdown

HEADER = (
    "Epochs",
    "Neurons",
    "Parameters",
    "Learning rate",
    "Training loss, at the end",
    "Training accuracy, at the end, %",
    "Validation loss, at the end",
    "Validation accuracy, at the end, %",
    "Seconds per epoch",
    "Peak memory, MB",
)


def phases(history: pd.DataFrame) -> pd.DataFrame:
    """One row for each stretch of epochs with the same widths.

    Args:
        history: with the columns of ``training.EpochRecord``.
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
    """Cells of a phase."""
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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", type=Path, default=Path.cwd(), help="folder of the project; the current one")
    history = pd.read_parquet(newest(parser.parse_args().project, "training_history.parquet"))
    print(markdown(HEADER, [row(phase) for phase in phases(history).to_dict("records")]))


if __name__ == "__main__":
    main()
