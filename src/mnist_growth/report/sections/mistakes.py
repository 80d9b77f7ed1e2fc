"""Accuracy of each class, and confusions."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, percent
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_CLASSES: Columns = {
    "class_name": ("class", str),
    "support": ("test digits", count),
    "precision": ("precision", percent),
    "recall": ("recall", percent),
    "f1": ("F1", percent),
}
_PAIRS: Columns = {
    "first_name": ("class A", str),
    "second_name": ("class B", str),
    "mistakes": ("mistakes", count),
    "rate": ("share of all A and B", percent),
    "first_as_second_rate": ("A predicted as B", percent),
    "second_as_first_rate": ("B predicted as A", percent),
}


def _body(results: Mapping[str, Any]) -> Body:
    pairs = results["confused_pairs"]
    confused = pairs[pairs["mistakes"] > 0]
    title = "Confused pairs of classes, with 95 % intervals"
    return Body(
        tables=[
            described("class_metrics", "Each class, with 95 % intervals", results["class_metrics"], _CLASSES),
            described("confused_pairs", title, confused, _PAIRS),
        ]
    )


TOPIC = Topic(
    "mistakes",
    "Mistakes",
    (
        "class_metrics",
        "confused_pairs",
        "confusion_matrix_figure",
        "reliability_figure",
        "confused_pairs_figure",
        "confused_digits_figure",
        "worst_mistakes_figure",
        "ambiguous_digits_figure",
        "sample_predictions_figure",
    ),
    _body,
)
