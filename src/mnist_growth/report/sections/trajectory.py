"""The path of the training through the space of its parameters, and what growths do to the curvature."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, decimals, percent, significant
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_SNAPSHOTS: Columns = {
    "epoch": ("epochs completed", count),
    "event": ("event", str),
    "widths": ("units", str),
    "loss": ("loss (nats)", decimals),
    "accuracy": ("accuracy", percent),
    "distance": ("distance to the end", significant),
    "explained": ("share of it in the plane", percent),
}
_GROWTHS: Columns = {
    "epoch": ("epochs completed", count),
    "moment": ("growth", str),
    "widths": ("units", str),
    "parameters": ("parameters", count),
    "loss": ("loss (nats)", decimals),
    "largest_eigenvalue": ("largest eigenvalue", significant),
    "smallest_eigenvalue": ("smallest eigenvalue", significant),
    "trace": ("trace", significant),
}
_READING = (
    "A narrower network is a point in the space of the wider one that computes the same function: its missing units "
    "have the incoming weights that they were born with, and outgoing weights of 0. The plane shows as much as "
    "possible of the differences between the networks of the training and the last one; the axes say which share. "
    "Contours are the loss on the plane, with batch norms measured again at each point. A network that does not lie "
    "in the plane can have another loss than the contours at its point."
)
_GROWTH = (
    "A growth leaves the function and the loss as they are. The Hessian gets new rows and columns for the new "
    "parameters, so its largest eigenvalue cannot become smaller and its smallest cannot become larger, unless the "
    "operator changes old weights; the table gives estimates of both from within the spectrum."
)


def _body(results: Mapping[str, Any]) -> Body:
    metrics, table, growths = results["landscape_metrics"], results["trajectory"], results["growth_curvature"]
    skipped = metrics["trajectory_snapshots_left_out"]
    deepened = (
        [f"The training added a layer: {count(skipped)} snapshots before that have other parameters and are left out."]
        if skipped
        else []
    )
    tables = [
        described("trajectory", "Networks along the training", table, _SNAPSHOTS),
        described("growth_curvature", "Curvature before and after each growth", growths, _GROWTHS),
    ]
    path = [f"{metrics['trajectory_missing']}."] if table.empty else [_READING, *deepened]
    return Body([*path, *([] if growths.empty else [_GROWTH])], [each for each in tables if each.rows])


TOPIC = Topic(
    "training_path",
    "Path of the training",
    (
        "landscape_metrics",
        "trajectory",
        "growth_curvature",
        "trajectory_figure",
        "trajectory_relief_figure",
        "growth_curvature_figure",
    ),
    _body,
    optional=True,
)
