"""What methods keep of earlier tasks while a network learns further ones."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import percent, points
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_HOW = (
    "A network learns tasks one after the other, without the images of earlier tasks unless the method replays them. "
    "Forgetting is the best accuracy of a task before the last one minus that at the end; backward transfer is the "
    "accuracy at the end minus that just after the task, both in percentage points and averaged over all tasks but the "
    "last. Intervals are over repetitions. Nothing is chosen by test digits."
)


def _body(results: Mapping[str, Any]) -> Body:
    table = results["continual_forgetting"]
    columns: Columns = {
        "scenario": ("scenario", str),
        "method": ("method", str),
        "width": ("neurons per layer at the end", str),
        "average_accuracy": ("average accuracy", percent),
        "forgetting": ("forgetting", points),
        "backward_transfer": ("backward transfer", points),
    }
    return Body([_HOW], [described("continual_forgetting", "Accuracy and forgetting by method", table, columns)])


TOPIC = Topic(
    "continual_learning",
    "Continual learning",
    ("continual_forgetting", "continual_accuracy_figure", "continual_matrix_figure"),
    _body,
    optional=True,
)
