"""Short terminal summary of an evaluation."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mnist_growth.digits.digits import DIGIT_NAMES
from mnist_growth.evaluation.metrics import class_metrics
from mnist_growth.evaluation.predictions import worst_mistakes

_WEAKEST = 3  # number of classes listed as the weakest


def summary(
    metrics: Mapping[str, Any], predictions: pd.DataFrame, class_names: Sequence[str] = DIGIT_NAMES
) -> RenderableType:
    """Return a short summary of an evaluation for ``rich.print``.

    Args:
        metrics: Result of ``test_metrics``.
        predictions: Labelled ``prediction_table`` that the metrics were computed from.
        class_names: Names of the classes.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in _rows(metrics, predictions, class_names):
        table.add_row(name, value)
    panel = Panel.fit(table, title=f"Test of the network on {metrics['dataset']}", title_align="left")
    if metrics["dataset"] == metrics["requested_dataset"]:
        return panel
    warning = Text(
        f"THESE ARE NOT {metrics['requested_dataset'].upper()} RESULTS: {metrics['requested_dataset']} could not be "
        f"downloaded, so the network was trained and tested on {metrics['dataset']} instead.",
        style="bold yellow",
    )
    return Group(warning, panel)


def _rows(metrics: Mapping[str, Any], predictions: pd.DataFrame, class_names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the names and values of the rows of the summary."""
    errors, examples = metrics["errors"], metrics["examples"]
    low, high = metrics["accuracy_low"], metrics["accuracy_high"]
    rows = [
        ("accuracy", f"{metrics['accuracy']:.2%}  (95 % interval {low:.2%} to {high:.2%})"),
        ("error rate", f"{metrics['error_rate']:.2%}  ({errors:,} of {examples:,} digits)"),
        ("top-2 accuracy", f"{metrics['top_2_accuracy']:.2%}"),
        ("loss", f"{metrics['loss']:.4f} nats"),
        ("macro F1", f"{metrics['macro_f1']:.4f}"),
        ("calibration error", f"{metrics['expected_calibration_error']:.2%}"),
    ]
    if errors:
        weakest = "weakest digits" if tuple(class_names) == DIGIT_NAMES else "weakest classes"
        rows += [
            (weakest, _weakest_classes(predictions, class_names)),
            ("most confused", _most_confused(predictions, class_names)),
        ]
    widths = "-".join(str(width) for width in metrics["hidden_widths"])
    network = f"{widths}, {metrics['parameters']:,} parameters, {metrics['epochs']:,} epochs"
    return [*rows, ("network", network), ("dataset", _dataset(metrics))]


def _weakest_classes(predictions: pd.DataFrame, class_names: Sequence[str]) -> str:
    """Return the classes with the lowest recall below 1, such as '4 (97.8% recall), 9 (98.1% recall)'."""
    classes = class_metrics(predictions, class_names)
    imperfect = classes[(classes["support"] > 0) & (classes["recall"] < 1)]
    weakest = imperfect.sort_values(["recall", "digit"]).head(_WEAKEST)
    return ", ".join(
        f"{name} ({recall:.1%} recall)" for name, recall in zip(weakest["class_name"], weakest["recall"], strict=True)
    )


def _most_confused(predictions: pd.DataFrame, class_names: Sequence[str]) -> str:
    """Return the most frequent mistake, the first one of a tie, such as '4 predicted as 9 (12 times)'."""
    pairs = worst_mistakes(predictions).groupby(["label", "prediction"]).size().reset_index(name="count")
    first = pairs.sort_values("count", ascending=False, kind="stable").iloc[0]
    times = "time" if first["count"] == 1 else "times"
    label, prediction = class_names[first["label"]], class_names[first["prediction"]]
    return f"{label} predicted as {prediction} ({first['count']:,} {times})"


def _dataset(metrics: Mapping[str, Any]) -> str:
    """Return the name of the data set, and of the requested one if it was replaced."""
    if metrics["dataset"] == metrics["requested_dataset"]:
        return str(metrics["dataset"])
    return f"{metrics['dataset']} (fallback: {metrics['requested_dataset']} could not be downloaded)"
