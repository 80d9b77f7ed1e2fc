"""Classes and near-duplicates in the data."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, percent, significant
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_CLASSES: Columns = {
    "part": ("part", str),
    "class_name": ("class", str),
    "examples": ("digits", count),
    "share": ("share of the part", percent),
    "pixel_mean": ("mean pixel value", significant),
    "pixel_deviation": ("standard deviation of the pixels", significant),
}


def _body(results: Mapping[str, Any]) -> Body:
    balance = results["class_balance"]
    return Body(tables=[described("class_balance", "Classes in each part of the data", balance, _CLASSES)])


TOPIC = Topic(
    "data",
    "Classes and near-duplicates",
    ("class_balance", "class_balance_figure", "class_images_figure", "near_duplicates_figure"),
    _body,
    optional=True,
)
