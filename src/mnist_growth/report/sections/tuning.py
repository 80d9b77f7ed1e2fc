"""The search for the best parameters."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mnist_growth.report.content import Table
from mnist_growth.report.formats import count, nats, percent
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_SHOWN = 5
_COLUMNS: Columns = {
    "number": ("training", count),
    "validation_loss": ("validation loss", nats),
    "validation_accuracy": ("validation accuracy", percent),
    "test_accuracy": ("test accuracy", percent),
    "values": ("values", str),
}
_HOW = (
    "Each training has other values of the parameters that are searched. Values are chosen by the validation loss of "
    "the trainings before; unpromising trainings are stopped early. Test digits are only reported. The parameters are "
    "the best of many on these validation digits: their validation loss is optimistic."
)


def _body(results: Mapping[str, Any]) -> Body:
    return Body([_HOW], [_best(results["tuning_trials"], list(results["tuning_importance"]["parameter"]))])


def _best(trials: pd.DataFrame, names: list[str]) -> Table:
    """The finished trainings with the smallest validation loss."""
    finished = trials[(trials["state"] == "complete") & trials["is_feasible"]]
    best = finished.nsmallest(_SHOWN, "validation_loss")
    values = [
        ", ".join(f"{name.rpartition('.')[2]} {_text(row[name])}" for name in names) for row in best.to_dict("records")
    ]
    return described(
        "tuning_trials", "Trainings with the smallest validation loss", best.assign(values=values), _COLUMNS
    )


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


TOPIC = Topic(
    "tuning",
    "Search for the best parameters",
    (
        "tuning_trials",
        "tuning_importance",
        "tuning_history_figure",
        "tuning_values_figure",
        "tuning_importance_figure",
    ),
    _body,
    optional=True,
)
