"""Comparison with another network."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, percent, points, significant
from mnist_growth.report.tables import Columns, described, key_values
from mnist_growth.report.topic import Body, Topic

_COMPARISON: Columns = {
    "network": ("network", str),
    "baseline_network": ("baseline", str),
    "accuracy": ("accuracy", percent),
    "baseline_accuracy": ("accuracy of the baseline", percent),
    "difference": ("difference (percentage points)", points),
    "mcnemar_p_value": ("p-value of McNemar's test", significant),
    "agreement": ("equal predictions", percent),
}
_CLASSES: Columns = {
    "class_name": ("class", str),
    "examples": ("test digits", count),
    "only_network_correct": ("correct by the network only", count),
    "only_baseline_correct": ("correct by the baseline only", count),
    "difference": ("difference (percentage points)", points),
}


def _body(results: Mapping[str, Any]) -> Body:
    title = "Network and baseline on the same test digits, with 95 % intervals"
    classes = described("comparison_by_class", "By class", results["comparison_by_class"], _CLASSES)
    return Body(tables=[key_values("comparison", title, results["comparison"], _COMPARISON), classes])


TOPIC = Topic(
    "compared",
    "Comparison with a baseline",
    ("comparison", "comparison_by_class", "comparison_figure", "disagreements_figure"),
    _body,
    optional=True,
)
