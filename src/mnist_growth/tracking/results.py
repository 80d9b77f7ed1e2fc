"""Recording what a pipeline has saved by its type, whatever its name."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.network import TrainedNetwork
from mnist_growth.tracking.inputs import Measured
from mnist_growth.tracking.tracker import Tracker

MAX_TABLE_ROWS = 10_000
"""A longer table stays in the project's folder only."""


def log_result(tracker: Tracker, name: str, data: Any, path: Path) -> None:
    """Record a result of a run; a type that is not listed here is not recorded.

    | Type | Recorded as |
    |---|---|
    | trained network | model `<name>` |
    | plotly figure | `figures/<name>.json` |
    | table of at most `MAX_TABLE_ROWS` rows | `tables/<name>.csv` |
    | mapping that JSON can hold | `<name>.json`, and its numbers as metrics `<name>_...`, without `_metrics` |
    | text of an HTML file | `<name>.html` |

    Metrics that name their network and its digits are also metrics of the logged model.

    Args:
        tracker: Of the run.
        name: Name of the dataset.
        data: What was saved.
        path: The file that it was saved to.
    """
    match data:
        case TrainedNetwork():
            tracker.log_network(path, name)
        case go.Figure():
            tracker.log_figure(name, data)
        case pd.DataFrame() if len(data) <= MAX_TABLE_ROWS:
            tracker.log_table(name, data)
        case Mapping() if data and _is_json(data):
            tracker.log_metrics(data, prefix=f"{name.removesuffix('_metrics')}_", measured=_measured(data))
            tracker.log_dict(name, data)
        case str() if path.suffix == ".html":
            tracker.log_page(name, data)


def _measured(data: Mapping[Any, Any]) -> Measured | None:
    """The network and the test digits of a mapping of metrics; None if it does not name them."""
    if not {"network_sha256", "dataset", "fingerprint"} <= data.keys():
        return None
    return Measured(data["network_sha256"], data["dataset"], data["fingerprint"], "test")


def _is_json(data: Mapping[Any, Any]) -> bool:
    """Whether JSON can hold the values."""
    try:
        json.dumps(data)
    except (TypeError, ValueError):
        return False
    return True
