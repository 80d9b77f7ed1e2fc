"""The capsules of a capsule network."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mnist_growth.report.formats import count, decimals
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_LONGEST: Columns = {
    "index": ("test digit", count),
    "label": ("class", count),
    "prediction": ("predicted class", count),
    "length": ("longest digit capsule", decimals),
    "next": ("class of the next one", count),
    "next_length": ("its length", decimals),
}


def _body(results: Mapping[str, Any]) -> Body:
    return Body(
        paragraphs=[
            "The length of the digit capsule of a class is the probability that a digit of this class is in the image. "
            "The lengths need not add up to 1; the logit of a class is the logarithm of its odds. Each primary capsule "
            "divides its vote among the classes: a coupling above the average marks a class that the capsule and the "
            "other capsules agree on."
        ],
        tables=[
            described(
                "capsule_lengths", "The two longest digit capsules", _longest(results["capsule_lengths"]), _LONGEST
            )
        ],
    )


def _longest(lengths: pd.DataFrame) -> pd.DataFrame:
    """Return one row per digit with its two longest digit capsules."""
    rows = []
    for (index, label, prediction), capsules in lengths[lengths["layer"] == "digit"].groupby(
        ["index", "label", "prediction"]
    ):
        longest = capsules.nlargest(2, "length")
        first, second = longest["length"]
        rows.append(
            {
                "index": index,
                "label": label,
                "prediction": prediction,
                "length": first,
                "next": longest["capsule"].iloc[1],
                "next_length": second,
            }
        )
    return pd.DataFrame(rows).sort_values("label")


TOPIC = Topic(
    "capsules",
    "Capsules",
    ("capsule_lengths", "capsules_figure"),
    _body,
    optional=True,
    kind="capsules",
)
