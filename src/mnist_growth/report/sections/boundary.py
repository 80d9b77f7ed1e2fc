"""Where the answers of the network change."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, significant
from mnist_growth.report.topic import Body, Topic


def _body(results: Mapping[str, Any]) -> Body:
    table = results["digit_margins"]
    correct = table["label"] == table["prediction"]
    lower, median, upper = table.loc[correct, "margin"].quantile([0.25, 0.5, 0.75])
    wrong = f" The median of the {count((~correct).sum())} mistakes is " if (~correct).any() else ""
    return Body(
        paragraphs=[
            "The margin of a digit is the Euclidean distance to the nearest point that gets another answer, on the "
            "scale 0 to 1 of the grey values, without limiting them. It is found by a search, so it is an upper bound. "
            f"The median of {count(correct.sum())} correctly classified digits is {significant(median)} (quartiles "
            f"{significant(lower)} and {significant(upper)})."
            + (f"{wrong}{significant(table.loc[~correct, 'margin'].median())}." if wrong else ""),
            "The plane of three digits goes through correctly classified digits of the two most confused classes and "
            "of the class closest to them. The plane of largest variance goes through the mean of the test digits; "
            "digits are projected onto it, so their class need not be that of the region below them.",
            "The straight line leads from a digit to one of another class. The shortest path leads to the nearest "
            "point found with that class, and half as far again.",
        ]
    )


TOPIC = Topic(
    "boundary",
    "Decision boundary",
    (
        "digit_margins",
        "margins_figure",
        "decision_planes_figure",
        "boundary_paths_figure",
        "path_images_figure",
    ),
    _body,
    optional=True,
)
