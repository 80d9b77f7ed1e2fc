"""Pairs of classes that are confused with each other."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.class_names import named
from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.theme import BLUE, LEGEND_BELOW, TEMPLATE, VERMILLION

_MAX_PAIRS = 15  # more would be too small to read
_DIRECTIONS = (
    ("first_as_second", "first class predicted as the second", BLUE, "circle"),
    ("second_as_first", "second class predicted as the first", VERMILLION, "diamond"),
)


def confused_pairs(pairs: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw how often the most confused pairs of classes are confused, in both directions.

    Args:
        pairs: Pairs of classes, the most confused first, with the columns ``first``, ``second``, ``mistakes`` and, for
            the directions ``first_as_second`` and ``second_as_first``, the count and ``..._rate`` (fraction of 1) with
            ``..._rate_low`` and ``..._rate_high``.
        class_names: Names of the classes; empty for digits.
    """
    shown = named(pairs[pairs["mistakes"] > 0].head(_MAX_PAIRS), class_names, "first", "second")
    names = [f"{first} and {second}" for first, second in zip(shown["first"], shown["second"], strict=True)]
    figure = go.Figure(layout={"template": TEMPLATE})
    for direction, name, color, symbol in _DIRECTIONS:
        figure.add_scatter(
            x=names,
            y=shown[f"{direction}_rate"].tolist(),
            error_y=error_bars(shown, f"{direction}_rate"),
            name=name,
            mode="markers",
            cliponaxis=False,  # at 0, half of the marker is below the axis
            marker={"color": color, "symbol": symbol, "size": 10},
            customdata=shown[direction].tolist(),
            hovertemplate="%{x}: %{customdata} times, %{y:.2%} of the class<extra></extra>",
        )
    figure.update_layout(
        title="Most confused pairs of classes",
        height=520,
        scattermode="group",
        scattergap=0.6,
        margin={"b": LEGEND_BELOW},
        meta={"min_width": 840},  # pixels: the names of the pairs would touch on a narrower figure
    )
    figure.update_xaxes(title_text="pair of classes, ordered by mistakes", type="category", tickangle=0)
    figure.update_yaxes(title_text="share of the true class (95 % interval)", tickformat=".1%", rangemode="tozero")
    if shown.empty:
        figure.add_annotation(text="No mistakes", x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return figure
