"""Paths of low loss between two networks."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mnist_growth.report.formats import decimals, significant
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_PATHS: Columns = {
    "path": ("path", str),
    "barrier": ("height of the barrier (nats)", decimals),
    "distance": ("distance between its ends", significant),
}
_NAMES = {
    "straight": "straight line",
    "matched": "straight line, units matched",
    "curve": "fitted curve, units matched",
}
_READING = (
    "The straight line mixes the weights of both networks. Units that do the same can have different positions in two "
    "networks; matching permutes the units of the other network, which does not change its function, such that its "
    "weights are as close as possible. The curve is fitted on training digits to have a low loss. The barrier is how "
    "far the loss on a path exceeds the line between the losses at its ends: without a barrier, both networks lie in "
    "one valley. Batch norms are measured again at each point."
)


def _body(results: Mapping[str, Any]) -> Body:
    metrics = results["landscape_metrics"]
    if results["loss_paths"].empty:
        return Body([f"{metrics['interpolation_missing']}."])
    distance = metrics["distance_to_other_network"]
    rows = [
        {"path": name, "barrier": metrics["barrier"][path], "distance": distance.get(path)}
        for path, name in _NAMES.items()
    ]
    other = f"The other network has the version {metrics['other_network']}."
    return Body([_READING, other], [described("loss_barriers", "Barriers", pd.DataFrame(rows), _PATHS)])


TOPIC = Topic(
    "paths",
    "Paths to another network",
    ("landscape_metrics", "loss_paths", "loss_paths_figure"),
    _body,
    optional=True,
)
