"""What units respond to and contribute."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from mnist_growth.figures.births import birth_name
from mnist_growth.figures.class_names import short
from mnist_growth.figures.group_names import group_names
from mnist_growth.figures.image_grid import image_grid
from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.map_grid import map_grid
from mnist_growth.figures.theme import (
    BLUE,
    INK,
    LEGEND_BELOW,
    SEQUENTIAL,
    SERIES_COLORS,
    SERIES_SYMBOLS,
    TEMPLATE,
)

_PANEL = 250  # pixels: a narrower panel cannot be read


def unit_selectivity(units: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw the selectivity of the units of each growth (top), and the classes that they prefer (bottom).

    Args:
        units: One row per unit with the columns ``layer``, ``born_epoch``, ``preferred`` (class, or -1) and
            ``selectivity`` (0 to 1, or NaN).
        class_names: Names of the classes; empty for digits.
    """
    layers = group_names(units)
    classes = sorted({int(each) for each in units["preferred"]} - {-1})
    names = [short(class_names[each]) if class_names else str(each) for each in classes]
    figure = make_subplots(
        rows=2,
        cols=len(layers),
        shared_yaxes=True,
        shared_xaxes=True,
        vertical_spacing=0.06,
        horizontal_spacing=0.03,
    )
    for column, (layer, name) in enumerate(layers.items(), start=1):
        rows = units[units["layer"] == layer]
        births = sorted(set(rows["born_epoch"].tolist()))
        figure.add_box(
            x=[birth_name(epoch) for epoch in rows["born_epoch"].tolist()],
            y=[None if pd.isna(value) else round(value, 4) for value in rows["selectivity"].tolist()],
            marker={"color": BLUE, "size": 3},
            line={"width": 1.5},
            showlegend=False,
            row=1,
            col=column,
        )
        shares = [
            [float((rows.loc[rows["born_epoch"] == epoch, "preferred"] == each).mean()) for epoch in births]
            for each in classes
        ]
        figure.add_heatmap(
            x=[birth_name(epoch) for epoch in births],
            y=names,
            z=shares,
            coloraxis="coloraxis",
            xgap=1,
            ygap=1,
            hovertemplate="class %{y}: preferred by %{z:.0%} of the units from %{x}<extra></extra>",
            row=2,
            col=column,
        )
        figure.update_xaxes(title_text=f"{name}:<br>first epoch", row=2, col=column)
    figure.update_xaxes(type="category")
    figure.update_yaxes(range=[0, 1.02], row=1)
    figure.update_yaxes(title_text="class selectivity index", row=1, col=1)
    figure.update_yaxes(type="category", range=[-0.5, len(names) - 0.5], showgrid=False, row=2)
    figure.update_yaxes(title_text="preferred class", row=2, col=1)
    figure.update_layout(
        template=TEMPLATE,
        title="Selectivity of the units of each growth, and the classes that they prefer",
        height=720,
        coloraxis={
            "colorscale": SEQUENTIAL,
            "cmin": 0,
            "colorbar": {
                "title": "units",
                "tickformat": ".0%",
                "thickness": 14,
                "len": 0.5,
                "y": 0,
                "yanchor": "bottom",
            },
        },
        meta={"min_width": max(760, _PANEL * len(layers))},
    )
    return figure


def cohort_conductance(table: pd.DataFrame) -> go.Figure:
    """Draw what the units of each growth contribute to the lead of the predicted class.

    Args:
        table: One row per layer and growth with the columns ``layer``, ``born_epoch``, ``units``, ``conductance`` with
            ``conductance_low`` and ``conductance_high``, ``share`` and ``share_per_unit`` (fractions of 1).
    """
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    births = sorted({int(epoch) for epoch in table["born_epoch"]})
    for position, (layer, name) in enumerate(group_names(table).items()):
        rows = table[table["layer"] == layer]
        for column, value in enumerate(("conductance", "share_per_unit"), start=1):
            figure.add_scatter(
                x=[birth_name(epoch) for epoch in rows["born_epoch"].tolist()],
                y=rows[value].tolist(),
                error_y=error_bars(rows, value) if value == "conductance" else None,
                name=name,
                legendgroup=str(layer),
                showlegend=column == 1,
                mode="lines+markers",
                line={"color": SERIES_COLORS[position % len(SERIES_COLORS)], "width": 2},
                marker={"symbol": SERIES_SYMBOLS[position % len(SERIES_SYMBOLS)], "size": 8},
                customdata=rows[["units", "share"]].to_numpy().tolist(),
                hovertemplate=f"{name}, %{{customdata[0]}} units from %{{x}}: %{{y:.3~g}}, "
                "%{customdata[1]:.1%} of the lead<extra></extra>",
                row=1,
                col=column,
            )
    figure.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=[birth_name(epoch) for epoch in births],
        title_text="first epoch with these units",
    )
    figure.update_yaxes(title_text="conductance of all units (nats)", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title_text="share of the lead per unit", tickformat=".2~p", rangemode="tozero", row=1, col=2)
    figure.update_layout(
        template=TEMPLATE,
        title="What the units of each growth contribute to the predictions",
        height=520,
        margin_b=LEGEND_BELOW,
        showlegend=True,
        meta={"min_width": 760},
    )
    return figure


def unit_weights(weights: NDArray[np.floating], captions: Sequence[Sequence[str]]) -> go.Figure:
    """Draw the incoming weights of some units, one row for each layer.

    Args:
        weights: Float [L, K, 28, 28].
        captions: L rows of K short texts.
    """
    figure = map_grid(weights, captions=captions)
    return figure.update_layout(
        title="Incoming weights by layer: ink on red pixels excites the unit (first epoch: preferred class)"
    )


def exciting_images(images: NDArray[np.floating], captions: Sequence[Sequence[str]]) -> go.Figure:
    """Draw the images that excite some units most, one row for each layer.

    Args:
        images: Grey values 0 to 255, float [L, K, 28, 28].
        captions: L rows of K short texts; empty where there is no unit.
    """
    rows, columns = images.shape[:2]
    texts = [text for row in captions for text in row]
    figure = image_grid(
        images.round().astype(np.uint8).reshape(rows * columns, *images.shape[2:]),
        columns,
        captions=[text.replace(": ", "<br>") for text in texts],
        colors=[INK] * len(texts),
        hover=texts,
        keep_rows=True,
    )
    return figure.update_layout(title="Images that excite the units most, by layer (first epoch, preferred class)")
