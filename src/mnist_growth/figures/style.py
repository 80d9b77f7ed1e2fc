"""Errors by writing style."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from mnist_growth.figures.image_grid import image_grid
from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.theme import BLUE, GREY, INK, TEMPLATE, VERMILLION

_MEASURES = {
    "slant": "slant (degrees to the right)",
    "lean": "absolute slant (degrees)",
    "thickness": "stroke thickness (pixels)",
    "ink": "ink (mean grey value, 0 to 255)",
    "width": "width (pixels)",
    "offset": "distance from the centre (pixels)",
    "components": "parts",
    "gaps": "narrow gaps",
    "holes": "holes",
    "end_points": "ends of the stroke",
    "nearest_distance": "distance to the nearest training digit",
}
_ROW_HEIGHT, _MARGINS = 230, 170  # screen pixels
_WIDE = {"min_width": 760}  # pixels: titles and numbers of neighbouring panels would touch on a narrower figure


def style_effects(effects: pd.DataFrame) -> go.Figure:
    """Draw the error rate of digits grouped by each measure of style, one panel per measure.

    Args:
        effects: One row per measure and group with the columns ``measure``, ``smallest``, ``median``, ``largest``,
            ``examples``, ``errors`` and ``error_rate`` (fraction of 1) with ``error_rate_low`` and ``error_rate_high``.
    """
    measures = [name for name in _MEASURES if name in set(effects["measure"])]
    figure = _panels(len(measures), [_MEASURES[name] for name in measures], "error rate")
    for position, name in enumerate(measures):
        shown = effects[effects["measure"] == name]
        overall = shown["errors"].sum() / shown["examples"].sum()
        place = {"row": position // 2 + 1, "col": position % 2 + 1}
        figure.add_scatter(
            x=shown["median"].tolist(),
            y=shown["error_rate"].tolist(),
            error_y=error_bars(shown, "error_rate"),
            mode="lines+markers",
            line={"color": BLUE, "width": 1.5},
            marker={"size": 8},
            customdata=shown[["smallest", "largest", "errors", "examples"]].to_numpy().tolist(),
            hovertemplate="%{customdata[0]:.3~g} to %{customdata[1]:.3~g}: %{y:.2%} wrong, %{customdata[2]} of "
            "%{customdata[3]:,}<extra></extra>",
            showlegend=False,
            **place,
        )
        figure.add_hline(y=float(overall), line={"color": GREY, "width": 1.5, "dash": "dash"}, **place)
    figure.update_layout(title="Error rate by style, with 95 % intervals (dashed: all digits)", meta=_WIDE)
    figure.update_yaxes(tickformat=".1%", rangemode="tozero")
    return figure


def style_differences(differences: pd.DataFrame) -> go.Figure:
    """Draw the difference in error rate between digits of unusual style and all others.

    Args:
        differences: Rows with the columns ``group``, ``meaning``, ``examples``, ``errors`` and ``difference`` (fraction
            of 1) with ``difference_low`` and ``difference_high``.
    """
    figure = go.Figure(layout={"template": TEMPLATE})
    figure.add_hline(y=0, line={"color": GREY, "width": 1.5, "dash": "dash"})
    figure.add_scatter(
        x=differences["group"].tolist(),
        y=differences["difference"].tolist(),
        error_y=error_bars(differences, "difference"),
        mode="markers",
        marker={"color": BLUE, "size": 10},
        customdata=differences[["meaning", "errors", "examples"]].to_numpy().tolist(),
        hovertemplate="%{customdata[0]}: %{y:+.2%}, %{customdata[1]} of %{customdata[2]:,} wrong<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(title="Error rate of digits of unusual style against all others", height=440, meta=_WIDE)
    figure.update_xaxes(title_text="style", type="category")
    figure.update_yaxes(title_text="difference in error rate (95 % interval)", tickformat="+.1%")
    return figure


def style_interventions(curves: pd.DataFrame) -> go.Figure:
    """Draw the accuracy on the same digits after each intervention, one panel per intervention.

    Args:
        curves: One row per intervention and step with the columns ``intervention``, ``unit``, ``strength``,
            ``examples``, ``errors`` and ``accuracy`` (fraction of 1) with ``accuracy_low`` and ``accuracy_high``.
    """
    names = list(dict.fromkeys(curves["intervention"]))
    units = curves.drop_duplicates("intervention")["unit"]
    figure = _panels(len(names), [f"{name} ({unit})" for name, unit in zip(names, units, strict=True)], "accuracy")
    for position, name in enumerate(names):
        shown = curves[curves["intervention"] == name]
        place = {"row": position // 2 + 1, "col": position % 2 + 1}
        figure.add_scatter(
            x=shown["strength"].tolist(),
            y=shown["accuracy"].tolist(),
            error_y=error_bars(shown, "accuracy"),
            mode="lines+markers",
            line={"color": VERMILLION, "width": 2},
            marker={"size": 7},
            customdata=shown[["errors", "examples"]].to_numpy().tolist(),
            hovertemplate="%{x:+}: %{y:.2%}, %{customdata[0]:,} of %{customdata[1]:,} wrong<extra></extra>",
            showlegend=False,
            **place,
        )
        figure.add_vline(x=0, line={"color": GREY, "width": 1.5, "dash": "dash"}, **place)
    figure.update_layout(title="Accuracy on changed digits, with 95 % intervals (dashed: unchanged)", meta=_WIDE)
    figure.update_yaxes(tickformat=".3~p")
    return figure


def intervention_examples(images: NDArray[np.uint8], captions: list[str], columns: int) -> go.Figure:
    """Draw a digit after each step of each intervention.

    Args:
        images: uint8 of shape [N, 28, 28], row after row.
        captions: N texts.
        columns: Images in a row.
    """
    figure = image_grid(
        images, columns, captions=captions, colors=[INK] * len(captions), hover=captions, keep_rows=True
    )
    figure.update_layout(title="Each intervention on one digit")
    return figure


def _panels(count: int, titles: list[str], y_title: str) -> go.Figure:
    """Panels in two columns, each with a title of its horizontal axis."""
    rows = -(-count // 2)
    height = rows * _ROW_HEIGHT + _MARGINS
    figure = make_subplots(rows=rows, cols=2, vertical_spacing=80 / (height - _MARGINS), horizontal_spacing=0.12)
    for position, title in enumerate(titles):
        figure.update_xaxes(title_text=title, row=position // 2 + 1, col=position % 2 + 1)
    for row in range(1, rows + 1):
        figure.update_yaxes(title_text=y_title, row=row, col=1)
    if count % 2:
        figure.update_xaxes(visible=False, row=rows, col=2)
        figure.update_yaxes(visible=False, row=rows, col=2)
    figure.update_layout(template=TEMPLATE, height=height)
    return figure
