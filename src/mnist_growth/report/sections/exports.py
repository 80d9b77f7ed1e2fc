"""The network as ONNX, in float32 and int8."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mnist_growth.report.formats import count, megabytes, percent, scientific
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_FORMATS = {"torch": "torch, float32", "onnx": "ONNX, float32", "int8": "ONNX, int8"}
_COLUMNS: Columns = {
    "format": ("format", str),
    "accuracy": ("test accuracy", percent),
    "errors": ("mistakes", count),
    "bytes": ("size", megabytes),
    "largest_change": ("largest change of a logit", scientific),
    "same_answers": ("equal predictions", percent),
}


def _body(results: Mapping[str, Any]) -> Body:
    metrics = results["export_metrics"]
    rows = [{"format": title, **metrics[name]} for name, title in _FORMATS.items()]
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    return Body(tables=[described("export_metrics", "Exported networks on the test digits", table, _COLUMNS)])


TOPIC = Topic("exports", "Export", ("export_metrics",), _body, optional=True)
