"""How layers respond to digits and arrange them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from mnist_growth.figures.class_names import short
from mnist_growth.figures.theme import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SEQUENTIAL,
    SKY,
    TEMPLATE,
    VERMILLION,
)


def layer_activations(
    activations: Sequence[NDArray[np.floating]],
    bounds: Sequence[Sequence[int]],
    names: Sequence[str],
    layers: Sequence[str],
) -> go.Figure:
    """Draw the activation of every unit for some digits, one panel for each layer.

    Args:
        activations: For each layer float [D, units], 0 or more; drawn relative to the largest of the layer.
        bounds: For each layer the positions where the units of a new growth begin, without 0.
        names: Names of the D digits.
        layers: Names of the layers.
    """
    figure = make_subplots(
        rows=len(activations),
        cols=1,
        vertical_spacing=0.3 / (len(activations) + 2),
    )
    for row, (values, begins) in enumerate(zip(activations, bounds, strict=True), start=1):
        largest = float(values.max()) or 1.0
        figure.add_heatmap(
            z=np.round(100 * values / largest).astype(int).tolist(),
            y=list(names),
            coloraxis="coloraxis",
            hovertemplate="%{y}, unit %{x}: %{z} % of the largest activation<extra></extra>",
            row=row,
            col=1,
        )
        for begin in begins:
            figure.add_vline(x=begin - 0.5, line={"color": GREY, "width": 1}, row=row, col=1)
        figure.update_xaxes(title_text="unit, the oldest first" if row == len(activations) else None, row=row, col=1)
        figure.update_yaxes(title_text=layers[row - 1], row=row, col=1)
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False, type="category", autorange="reversed")
    figure.update_layout(
        template=TEMPLATE,
        title="Activations for one digit of each class, layer by layer (vertical lines: growths)",
        height=230 * len(activations) + 190,
        coloraxis={
            "colorscale": SEQUENTIAL,
            "cmin": 0,
            "cmax": 100,
            "colorbar": {"title": "% of the<br>largest", "thickness": 14},
        },
        meta={"min_width": 760},
    )
    return figure


def layer_embedding(embedding: pd.DataFrame, geometry: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw the digits in the plane of largest variance of each layer, each as its class.

    Args:
        embedding: Rows with the columns ``layer``, ``index``, ``label``, ``prediction``, ``x`` and ``y``.
        geometry: One row per layer with the columns ``layer``, ``variance_x``, ``variance_y`` and ``between_classes``
            (fractions of 1).
        class_names: Names of the classes; empty for digits.
    """
    layers = geometry["layer"].tolist()
    columns = min(3, len(layers))
    lines = -(-len(layers) // columns)
    shares = [
        f"{layer}: {x + y:.0%} of the variance in the plane,<br>{between:.0%} of all variance between classes"
        for layer, x, y, between in geometry[["layer", "variance_x", "variance_y", "between_classes"]].itertuples(
            index=False
        )
    ]
    figure = make_subplots(rows=lines, cols=columns, vertical_spacing=0.26 / lines, horizontal_spacing=0.03)
    for position, layer in enumerate(layers):
        rows = embedding[embedding["layer"] == layer]
        labels = rows["label"].tolist()
        names = [short(class_names[label]) if class_names else str(label) for label in labels]
        figure.add_scatter(
            x=[float(f"{value:.4g}") for value in rows["x"]],
            y=[float(f"{value:.4g}") for value in rows["y"]],
            mode="text",
            text=[name[:1] for name in names],
            textfont={"size": 9, "color": [_label_color(label) for label in labels]},
            hovertext=[f"test digit {index}: {name}" for index, name in zip(rows["index"], names, strict=True)],
            hoverinfo="text",
            showlegend=False,
            row=position // columns + 1,
            col=position % columns + 1,
        )
        figure.update_xaxes(
            title={"text": shares[position], "font": {"size": 12}},
            row=position // columns + 1,
            col=position % columns + 1,
        )
    figure.update_xaxes(showticklabels=False, showgrid=False, ticks="")
    figure.update_yaxes(showticklabels=False, showgrid=False, ticks="")
    figure.update_layout(
        template=TEMPLATE,
        title="Test digits in the plane of largest variance of each layer",
        height=340 * lines + 140,
        meta={"min_width": max(760, 330 * columns)},
    )
    return figure


def _label_color(label: int) -> str:
    """Colour of a class; it repeats after eight classes, which the text tells apart."""
    return (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, GREY, INK)[label % 8]
