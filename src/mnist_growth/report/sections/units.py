"""Activity and contribution of the units that growth added."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, scientific, significant
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_COHORTS: Columns = {
    "group": ("group", str),
    "born_epoch": ("first epoch", count),
    "age_epochs": ("epochs trained", count),
    "units": ("units", count),
    "dead_units": ("dead units", count),
    "variance": ("variance of activations", significant),
    "fan_in_norm": ("norm of incoming weights", significant),
    "fan_out_norm": ("norm of outgoing weights", significant),
    "loss_increase": ("loss increase without them (nats)", scientific),
    "loss_increase_per_unit": ("loss increase per unit (nats)", scientific),
}
_EXPLANATION = (
    "Each row describes the units that were added together. Variances and norms are medians over these units. A dead "
    "unit is inactive for every digit. Incoming weights include the scale of batch norm. The loss increase is "
    "measured by replacing the activations of all units of the row by their means. Compare rows with equal numbers of "
    "units: the more units are removed at once, the less the others can replace them."
)


def _body(results: Mapping[str, Any]) -> Body:
    cohorts = results["unit_cohorts"]
    return Body([_EXPLANATION], [described("unit_cohorts", "Units by first epoch", cohorts, _COHORTS)])


TOPIC = Topic("units", "Units added by growth", ("unit_cohorts", "unit_cohorts_figure"), _body)
