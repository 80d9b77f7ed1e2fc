"""Accuracy and calibration on noisy and corrupted digits."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from mnist_growth.figures.image_grid import image_grid
from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.theme import (
    BLUE,
    INK,
    LEGEND_BELOW,
    SEQUENTIAL,
    SERIES_COLORS,
    SERIES_SYMBOLS,
    TEMPLATE,
)

_NOISES = {"gaussian": "Gaussian noise: standard deviation", "salt_and_pepper": "salt and pepper: share of the pixels"}


def noise_accuracy(noise: pd.DataFrame) -> go.Figure:
    """Draw the accuracy by the strength of noise.

    Args:
        noise: Columns ``noise``, ``strength``, and ``accuracy`` with its interval.
    """
    kinds = [name for name in _NOISES if name in set(noise["noise"])]
    figure = make_subplots(rows=len(kinds), cols=1, vertical_spacing=0.2)
    for row, name in enumerate(kinds, start=1):
        shown = noise[noise["noise"] == name]
        figure.add_scatter(
            x=shown["strength"].tolist(),
            y=shown["accuracy"].tolist(),
            error_y=error_bars(shown, "accuracy"),
            mode="lines+markers",
            line={"color": BLUE, "width": 2},
            marker={"size": 8},
            customdata=shown[["correct", "examples"]].to_numpy().tolist(),
            hovertemplate="%{x:.2~g}: %{y:.1%} (%{customdata[0]} of %{customdata[1]})<extra></extra>",
            showlegend=False,
            row=row,
            col=1,
        )
        figure.update_xaxes(title_text=_NOISES[name], row=row, col=1)
    figure.update_yaxes(title_text="accuracy", tickformat=".0%", range=[-0.03, 1.05])
    return figure.update_layout(
        template=TEMPLATE, title="Accuracy with noise, with 95 % intervals", height=330 * len(kinds) + 20
    )


def corruption_accuracy(corruptions: pd.DataFrame) -> go.Figure:
    """Draw the accuracy for each corruption and severity as a table of colours.

    Args:
        corruptions: Columns ``corruption``, ``severity``, ``accuracy``, ``correct`` and ``examples``; the row "none" is
            not drawn.
    """
    shown = corruptions[corruptions["corruption"] != "none"]
    accuracy = shown.pivot_table(index="corruption", columns="severity", values="accuracy")
    order = accuracy.mean(axis=1).sort_values().index
    accuracy = accuracy.loc[order]
    figure = go.Figure(layout={"template": TEMPLATE})
    figure.add_heatmap(
        z=(1 - accuracy).to_numpy().tolist(),
        x=[str(severity) for severity in accuracy.columns],
        y=[name.replace("_", " ") for name in accuracy.index],
        customdata=accuracy.to_numpy().tolist(),
        text=[[f"{100 * value:.0f}" for value in row] for row in accuracy.to_numpy()],
        texttemplate="%{text}",
        textfont={"size": 13},
        colorscale=SEQUENTIAL,
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{y}, severity %{x}: %{customdata:.1%} correct<extra></extra>",
    )
    figure.update_xaxes(title_text="severity", type="category", showline=False, ticks="")
    figure.update_yaxes(autorange="reversed", showline=False, ticks="")
    return figure.update_layout(
        title="Accuracy on corrupted digits (%)", height=170 + 34 * len(accuracy), margin={"l": 110}
    )


def corruption_examples(images: NDArray[np.uint8], captions: Sequence[str], columns: int) -> go.Figure:
    """Draw a digit with each corruption at each severity, one row per corruption.

    Args:
        images: uint8 [N, 28, 28], row after row.
        captions: N texts.
        columns: Images in a row.
    """
    figure = image_grid(
        images, columns, captions=captions, colors=[INK] * len(captions), hover=captions, keep_rows=True
    )
    return figure.update_layout(title="Each corruption on one digit")


def corruption_calibration(corruptions: pd.DataFrame) -> go.Figure:
    """Draw mean accuracy, confidence and calibration error of all corruptions by severity.

    Args:
        corruptions: Columns ``corruption``, ``severity``, ``accuracy``, ``confidence`` and ``calibration_error``;
            severity 0 are the original digits.
    """
    means = corruptions.groupby("severity")[["accuracy", "confidence", "calibration_error"]].mean()
    figure = go.Figure(layout={"template": TEMPLATE})
    titles = {"accuracy": "accuracy", "confidence": "confidence", "calibration_error": "calibration error"}
    for number, (column, title) in enumerate(titles.items()):
        figure.add_scatter(
            x=means.index.tolist(),
            y=means[column].tolist(),
            name=title,
            mode="lines+markers",
            line={"color": SERIES_COLORS[number], "width": 2},
            marker={"symbol": SERIES_SYMBOLS[number], "size": 8},
            hovertemplate=f"{title} at severity %{{x}}: %{{y:.1%}}<extra></extra>",
        )
    figure.update_xaxes(title_text="severity (0: original digits)", dtick=1)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.03])
    return figure.update_layout(
        title="Calibration on corrupted digits", height=440, margin_b=LEGEND_BELOW, showlegend=True
    )
