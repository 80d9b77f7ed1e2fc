"""How accuracy, time and memory depend on the parameters of a training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mnist_growth.report.formats import MISSING, percent
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_COLUMNS: Columns = {
    "parameter": ("parameter", str),
    "documented": ("documented range", str),
    "good": ("good values measured", str),
    "best": ("best value", str),
    "validation_accuracy": ("its validation accuracy", percent),
    "tried": ("values tried", str),
}
_HOW = (
    "Each training differs from the others in some parameters. A value is good if it is not significantly worse than "
    "the best one: the 95 % interval of the difference, paired by seed, contains 0. Values are chosen by validation "
    "digits; test digits are only reported. The importance of a parameter is the share of the variance over all "
    "combinations of values that it explains alone."
)


def _body(results: Mapping[str, Any]) -> Body:
    ranges = results["sweep_ranges"]
    shown = pd.DataFrame(
        {
            "parameter": ranges["parameter"],
            "documented": _between(ranges, "documented_low", "documented_high"),
            "good": _between(ranges, "good_low", "good_high"),
            "best": _between(ranges, "best", "best"),
            "validation_accuracy": ranges["validation_accuracy"],
            "tried": _between(ranges, "smallest_tried", "largest_tried"),
        }
    )
    return Body([_HOW], [described("sweep_ranges", "Documented and measured ranges", shown, _COLUMNS)])


def _between(ranges: pd.DataFrame, low: str, high: str) -> list[str]:
    """The range of each row, or a dash where there is none."""
    pairs = zip(ranges[low], ranges[high], strict=True)
    return [
        MISSING if np.isnan(first) else f"{first:g}" if first == last else f"{first:g} to {last:g}"
        for first, last in pairs
    ]


TOPIC = Topic(
    "sweep",
    "Sensitivity to parameters",
    (
        "sweep_ranges",
        "sweep_accuracy_figure",
        "sweep_seconds_figure",
        "sweep_memory_figure",
        "sweep_pairs_figure",
        "sweep_importance_figure",
    ),
    _body,
    optional=True,
)
