"""Errors by writing style."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, percent, points, significant, words
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_EFFECTS: Columns = {
    "measure": ("measure", words),
    "group": ("group", count),
    "smallest": ("smallest value", significant),
    "median": ("median", significant),
    "largest": ("largest value", significant),
    "examples": ("test digits", count),
    "errors": ("mistakes", count),
    "error_rate": ("error rate", percent),
}
_DIFFERENCES: Columns = {
    "group": ("group", str),
    "meaning": ("meaning", str),
    "examples": ("test digits", count),
    "errors": ("mistakes", count),
    "error_rate": ("error rate", percent),
    "other_error_rate": ("error rate of all others", percent),
    "difference": ("difference (percentage points)", points),
}
_INTERVENTIONS: Columns = {
    "intervention": ("change", str),
    "strength": ("strength", significant),
    "unit": ("unit", str),
    "errors": ("mistakes", count),
    "accuracy": ("accuracy", percent),
    "difference": ("difference from unchanged digits (percentage points)", points),
}


def _body(results: Mapping[str, Any]) -> Body:
    effects, differences = results["style_effects"], results["style_differences"]
    changes = results["style_interventions"]
    return Body(
        tables=[
            described("style_differences", "Digits of unusual style, with 95 % intervals", differences, _DIFFERENCES),
            described("style_effects", "Error rate by each measure of style", effects, _EFFECTS),
            described("style_interventions", "The same digits, changed", changes, _INTERVENTIONS),
        ]
    )


TOPIC = Topic(
    "style",
    "Errors by writing style",
    (
        "style_differences",
        "style_effects",
        "style_interventions",
        "style_differences_figure",
        "style_effects_figure",
        "style_interventions_figure",
        "intervention_examples_figure",
    ),
    _body,
    optional=True,
)
