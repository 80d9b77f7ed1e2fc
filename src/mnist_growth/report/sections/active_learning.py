"""How many labels strategies of active learning need."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, percent
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_HOW = (
    "In every round a network is trained on the labelled images and chooses further ones from the rest of the training "
    "part. The labels needed for the goal are interpolated between rounds, with a 95 % interval over repetitions. "
    "Nothing is chosen by test digits."
)


def _body(results: Mapping[str, Any]) -> Body:
    table = results["active_labels"]
    columns: Columns = {
        "strategy": ("strategy", str),
        "goal": ("goal", percent),
        "reached": ("repetitions that reach it", str),
        "labels": ("labels needed", count),
        "share": ("of those of random choices", "{:.2f}".format),
    }
    return Body([_HOW], [described("active_labels", "Labels needed by strategy", table, columns)])


TOPIC = Topic(
    "active_learning",
    "Active learning",
    ("active_labels", "active_learning_figure"),
    _body,
    optional=True,
)
