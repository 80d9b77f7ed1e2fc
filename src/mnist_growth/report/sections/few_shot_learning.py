"""How accurately new classes are recognised after a few images."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import percent
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_HOW = (
    "Each method learns from some classes, and then new classes from a few images of each, task by task. A repetition "
    "has other new classes, weights and tasks, but the same ones for all methods; the 95 % intervals are over "
    "repetitions (Student's t). The queries are test digits, and nothing is chosen by them."
)


def _body(results: Mapping[str, Any]) -> Body:
    columns: Columns = {
        "method": ("method", str),
        "shots": ("images of each class", str),
        "accuracy": ("accuracy", percent),
        "seeds": ("repetitions", str),
        "tasks": ("tasks", "{:,}".format),
    }
    return Body([_HOW], [described("meta_accuracy", "Accuracy on new classes", results["meta_accuracy"], columns)])


TOPIC = Topic(
    "few_shot_learning",
    "Few-shot learning",
    ("meta_accuracy", "meta_learning_figure"),
    _body,
    optional=True,
)
