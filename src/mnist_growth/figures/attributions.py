"""Attributions: maps, curves of deletion and insertion, and their change with random weights."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.map_grid import map_grid
from mnist_growth.figures.theme import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, TEMPLATE, VERMILLION

_COLORS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY)
_DASHES = ("solid", "dash")
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
_LEGEND = 130  # pixels: several lines of names below the axes


def attributions(images: NDArray[np.uint8], maps: Mapping[str, NDArray[np.floating]]) -> go.Figure:
    """Draw the attributions of some digits, one row for each digit and one column for each method.

    Args:
        images: Grey values, uint8 [D, 28, 28].
        maps: Attributions of each method by its title, float [D, 28, 28].
    """
    titles = [title.replace(" ", "<br>") for title in maps]
    figure = map_grid(np.stack(list(maps.values()), axis=1), columns=titles, images=images)
    return figure.update_layout(title="Attributions: pixels that support (red) and oppose (blue) the prediction")


def activation_maps(images: NDArray[np.uint8], maps: NDArray[np.floating], layers: Sequence[str]) -> go.Figure:
    """Draw the class activation maps of some digits, one column for each hidden layer.

    Args:
        images: Grey values, uint8 [D, 28, 28].
        maps: Float [D, L, 28, 28].
        layers: Names of the L layers.
    """
    figure = map_grid(maps, columns=list(layers), images=images)
    return figure.update_layout(title="Class activation maps by layer: where ink supports (red) or opposes (blue)")


def attribution_curves(
    curves: pd.DataFrame, titles: Mapping[str, str], areas: Mapping[str, Mapping[str, float]]
) -> go.Figure:
    """Draw the probability of the prediction while pixels are removed (left) or inserted (right).

    Args:
        curves: Rows with the columns ``method``, ``curve``, ``share`` of the pixels, and ``probability`` with
            ``probability_low`` and ``probability_high`` (fractions of 1).
        titles: Name of each method in the legend; the first two are the orders that methods are compared with.
        areas: Area under each curve ("deletion", "insertion") by method.
    """
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.06)
    for column, curve in enumerate(("deletion", "insertion"), start=1):
        for position, (method, title) in enumerate(titles.items()):
            rows = curves[(curves["curve"] == curve) & (curves["method"] == method)]
            figure.add_scatter(
                x=rows["share"].tolist(),
                y=rows["probability"].tolist(),
                name=title,
                legendgroup=method,
                showlegend=column == 1,
                mode="lines",
                line=_line(position),
                customdata=rows[["probability_low", "probability_high"]].to_numpy().tolist(),
                hovertemplate=f"{title}: %{{y:.1%}} (%{{customdata[0]:.1%}} to %{{customdata[1]:.1%}}) with %{{x:.0%}} "
                f"of the pixels; area {areas[curve][method]:.3f}<extra></extra>",
                row=1,
                col=column,
            )
        verb = "removed" if curve == "deletion" else "inserted"
        figure.update_xaxes(title_text=f"pixels {verb}", tickformat=".0%", range=[0, 1], row=1, col=column)
    figure.update_yaxes(title_text="probability of the prediction", tickformat=".0%", row=1, col=1)
    figure.update_yaxes(range=[0, 1.02])
    figure.update_layout(
        template=TEMPLATE,
        title="Deletion (lower is better) and insertion (higher is better)",
        height=560,
        margin_b=_LEGEND,
        meta={"min_width": 760},
    )
    return figure


def _line(position: int) -> dict[str, object]:
    """Style of a method: grey and dotted for the orders that methods are compared with."""
    if position < 2:
        return {"color": (GREY, INK)[position], "width": 2, "dash": "dot"}
    turn, color = divmod(position - 2, len(_COLORS))
    return {"color": _COLORS[color], "width": 2, "dash": _DASHES[turn % len(_DASHES)]}


def attribution_randomisation(table: pd.DataFrame, titles: Mapping[str, str]) -> go.Figure:
    """Draw the rank correlation with the attributions of networks with random layers.

    The upper panels compare all pixels, the lower ones those with ink; on the left, more and more layers are random
    from the output on, on the right one at a time.

    Args:
        table: Rows with the columns ``method``, ``kind``, ``layer``, ``correlation`` and ``ink_correlation`` with their
            intervals.
        titles: Name of each method in the legend.
    """
    kinds = {"cascading": "random from the output down to", "independent": "random layer"}
    values = {"correlation": "all pixels", "ink_correlation": "pixels with ink"}
    figure = make_subplots(
        rows=2, cols=2, shared_xaxes=True, shared_yaxes=True, horizontal_spacing=0.06, vertical_spacing=0.08
    )
    for column, (kind, title) in enumerate(kinds.items(), start=1):
        for line, (value, pixels) in enumerate(values.items(), start=1):
            for position, (method, name) in enumerate(titles.items()):
                rows = table[(table["kind"] == kind) & (table["method"] == method)]
                figure.add_scatter(
                    x=rows["layer"].tolist(),
                    y=rows[value].tolist(),
                    error_y=error_bars(rows, value),
                    name=name,
                    legendgroup=method,
                    showlegend=column == line == 1,
                    mode="lines+markers" if kind == "cascading" else "markers",
                    line=_line(position + 2),
                    marker={"symbol": _SYMBOLS[position % len(_SYMBOLS)], "size": 8},
                    hovertemplate=f"{name}, %{{x}} random: %{{y:.2f}} ({pixels})<extra></extra>",
                    row=line,
                    col=column,
                )
            figure.update_yaxes(title_text=f"rank correlation,<br>{pixels}", row=line, col=1)
        figure.update_xaxes(title_text=title, row=2, col=column)
    figure.update_xaxes(type="category")
    figure.update_yaxes(range=[min(-0.25, float(table[["correlation_low", "ink_correlation_low"]].min().min())), 1.02])
    figure.update_layout(
        template=TEMPLATE,
        title="Attributions of networks with random layers, compared with the trained network",
        height=720,
        margin_b=_LEGEND,
        meta={"min_width": 760},
    )
    return figure
