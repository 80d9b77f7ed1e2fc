"""Smaller and faster networks made from this one."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, percent, significant, words
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_COLUMNS: Columns = {
    "name": ("network", words),
    "widths": ("widths", str),
    "weight_bits": ("bits of a weight", count),
    "sparsity": ("weights that are zero", percent),
    "accuracy": ("test accuracy", percent),
    "validation_accuracy": ("validation accuracy", percent),
    "bytes": ("bytes", count),
    "multiply_adds": ("multiply-adds", count),
    "latency_milliseconds": ("one image (ms)", significant),
    "backend": ("backend", str),
}
_HOW = (
    "Each row is a network made from the first one, and what it costs: the size of its file, the multiply-adds of one "
    "image without those of zero weights, and the time of one image with the backend that is fastest on this "
    "machine. Multiply-adds that are skipped on paper save time only where the backend skips them."
)


def _body(results: Mapping[str, Any]) -> Body:
    return Body([_HOW], [described("compression", "Compressed networks", results["compression"], _COLUMNS)])


TOPIC = Topic(
    "compression",
    "Compression",
    ("compression", "compression_size_figure", "compression_latency_figure", "compression_operations_figure"),
    _body,
    optional=True,
    of_source=True,
)
