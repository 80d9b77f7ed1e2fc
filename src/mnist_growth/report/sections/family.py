"""Networks of several widths from one training."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, nats, percent, scientific
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_COLUMNS: Columns = {
    "width": ("width", count),
    "accuracy": ("test accuracy", percent),
    "validation_accuracy": ("validation accuracy", percent),
    "validation_loss": ("validation loss", nats),
    "parameters": ("parameters", count),
    "multiply_adds": ("multiply-adds of an image", count),
    "training_multiply_adds": ("multiply-adds of its training", scientific),
    "network": ("version", str),
}
_HOW = (
    "All members come from one training at a constant learning rate, the trunk, which grows. At each width a copy "
    "leaves it and is cooled down: its learning rate falls to 0. The multiply-adds of its training are what a member "
    "adds to the work of the family: its epochs of the trunk and its cool-down."
)


def _body(results: Mapping[str, Any]) -> Body:
    return Body([_HOW], [described("family", "Members of the family", results["family"], _COLUMNS)])


TOPIC = Topic("family", "Family of networks", ("family", "family_figure"), _body, optional=True)
