"""Accuracy with noise on the weights."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.theme import (
    LEGEND_BELOW,
    SERIES_COLORS,
    SERIES_SYMBOLS,
    TEMPLATE,
)


def weight_noise(noise: pd.DataFrame) -> go.Figure:
    """Draw the accuracy with noise on the weights of each layer, and the loss with noise on the units of each growth.

    Args:
        noise: Columns ``part`` ("layer" or "cohort"), ``layer``, ``born_epoch``, ``noise``, ``accuracy``,
            ``accuracy_deviation``, ``loss`` and ``loss_deviation``.
    """
    layers, cohorts = (noise[noise["part"] == part] for part in ("layer", "cohort"))
    level = max([value for value in noise["noise"] if value <= 1] or [noise["noise"].min()])
    figure = make_subplots(rows=2, cols=1, vertical_spacing=0.18)
    names = list(dict.fromkeys(layers["layer"]))
    for name, rows in layers.groupby("layer", sort=False):
        _add_line(figure, rows, names.index(name), str(name), "noise", "accuracy", 1)
    of_level = cohorts[cohorts["noise"] == level]
    for name, rows in of_level.groupby("layer", sort=False):
        born = rows.assign(born=["start" if epoch == 1 else str(epoch) for epoch in rows["born_epoch"]])
        of_units = [layer for layer in names if layer.startswith(f"{name}.")] or names
        _add_line(figure, born, names.index(of_units[0]), f"units of {name}", "born", "loss", 2)
    births = sorted(set(cohorts["born_epoch"].tolist()))
    figure.update_xaxes(title_text="noise relative to the weights", row=1, col=1)
    figure.update_xaxes(
        title_text="first epoch with these units",
        type="category",
        categoryorder="array",
        categoryarray=["start" if epoch == 1 else str(epoch) for epoch in births],
        row=2,
        col=1,
    )
    figure.update_yaxes(title_text="accuracy", tickformat=".0%", range=[0, 1.05], row=1, col=1)
    figure.update_yaxes(title_text=f"loss at noise {level:g} (nats)", rangemode="tozero", row=2, col=1)
    return figure.update_layout(
        template=TEMPLATE,
        title="Noise on the weights, with standard deviations",
        height=800,
        margin_b=LEGEND_BELOW + 60,
        showlegend=True,
    )


def _add_line(figure: go.Figure, rows: pd.DataFrame, number: int, name: str, x: str, y: str, row: int) -> None:
    figure.add_scatter(
        x=rows[x].tolist(),
        y=rows[y].tolist(),
        error_y={"type": "data", "array": rows[f"{y}_deviation"].tolist(), "thickness": 1, "width": 3},
        name=name,
        showlegend=row == 1,
        mode="lines+markers",
        line={"color": SERIES_COLORS[number % len(SERIES_COLORS)], "width": 2},
        marker={"symbol": SERIES_SYMBOLS[number % len(SERIES_SYMBOLS)], "size": 7},
        hovertemplate=f"{name}, %{{x}}: %{{y:.3~g}}<extra></extra>",
        row=row,
        col=1,
    )
