"""What the units of each growth respond to and contribute, and how layers arrange digits."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, percent, significant
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_CONDUCTANCE: Columns = {
    "group": ("group", str),
    "born_epoch": ("first epoch", count),
    "units": ("units", count),
    "digits": ("digits", count),
    "conductance": ("conductance (nats)", significant),
    "share": ("share of the lead", percent),
    "share_per_unit": ("share per unit", percent),
}
_GEOMETRY: Columns = {
    "layer": ("layer", str),
    "dimensions": ("dimensions", count),
    "digits": ("digits", count),
    "variance_x": ("variance on the first axis", percent),
    "variance_y": ("variance on the second axis", percent),
    "between_classes": ("variance between classes", percent),
}


def _body(results: Mapping[str, Any]) -> Body:
    table = results["cohort_conductance"]
    totals = table.groupby("group", sort=False)["share"].sum()
    first = table[table["born_epoch"] == 1].groupby("group", sort=False)["share"].sum()
    grown = [
        f"{percent(first.get(group, 0.0) / total)} of {group}"
        for group, total in totals.items()
        if (table["group"] == group).sum() > 1
    ]
    summary = [f"Of what a group contributes, the units of the start carry {', '.join(grown)}."] if grown else []
    return Body(
        paragraphs=[
            *summary,
            "The conductance of a unit is its part in the difference of the lead of the predicted class between a "
            "black image and the digit. Where everything goes through a layer, its units add up to the whole "
            f"difference. The values are means of {count(table['digits'].iloc[0])} digits.",
            "The class selectivity index compares the mean activation of a unit for its preferred class with that for "
            "the other classes: 0 means equal, 1 means that one class alone excites the unit.",
            "The incoming weights of deeper layers are their effective weights on the pixels. An image that excites a "
            "unit most is nearly empty where missing ink excites it. The variance between classes is that of the class "
            "means, as a share of all variance of a layer; at 100 %, all digits of a class are in one point.",
        ],
        tables=[
            described("cohort_conductance", "Contribution of each growth, with 95 % intervals", table, _CONDUCTANCE),
            described("layer_geometry", "How layers arrange the digits", results["layer_geometry"], _GEOMETRY),
        ],
    )


TOPIC = Topic(
    "explained-units",
    "What units respond to",
    (
        "cohort_conductance",
        "layer_geometry",
        "cohort_conductance_figure",
        "unit_selectivity_figure",
        "unit_weights_figure",
        "exciting_images_figure",
        "layer_activations_figure",
        "layer_embedding_figure",
    ),
    _body,
    optional=True,
)
