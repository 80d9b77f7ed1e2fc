"""Accuracy under attacks, noise and corruptions, and noise on weights."""

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
    GREEN,
    INK,
    LEGEND_BELOW,
    ORANGE,
    PURPLE,
    SEQUENTIAL,
    SKY,
    TEMPLATE,
    VERMILLION,
)

_COLORS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
_ATTACKS = {
    "fgsm": ("FGSM, one step", ORANGE, "diamond"),
    "pgd": ("PGD, many steps", VERMILLION, "circle"),
    "transfer": ("black-box attack", GREEN, "square"),
    "pgd_l2": ("PGD, many steps", VERMILLION, "circle"),
    "smoothing": ("certified with smoothing", PURPLE, "triangle-up"),
    "lipschitz": ("certified by slope", BLUE, "cross"),
}
_NOISES = {"gaussian": "Gaussian noise: standard deviation", "salt_and_pepper": "salt and pepper: share of the pixels"}
_NORMS = {"linf": "largest change of a pixel (0 to 1)", "l2": "Euclidean length of the change"}


def attack_accuracy(attacks: pd.DataFrame, certified: pd.DataFrame) -> go.Figure:
    """Draw the accuracy by the largest change that an attack may make, and what is certified.

    Args:
        attacks: Columns ``attack``, ``norm``, ``epsilon``, and ``accuracy`` with ``accuracy_low`` and
            ``accuracy_high``.
        certified: Columns ``certificate``, ``epsilon`` and ``accuracy`` with its interval.
    """
    figure = make_subplots(rows=2, cols=1, vertical_spacing=0.17)
    curves = {name: attacks[attacks["attack"] == name] for name in ("fgsm", "pgd", "transfer", "pgd_l2")}
    curves |= {name: certified[certified["certificate"] == name] for name in ("smoothing", "lipschitz")}
    for name, rows in curves.items():
        if len(rows) == 0:
            continue
        title, color, symbol = _ATTACKS[name]
        row = 1 if name in ("fgsm", "pgd", "transfer") else 2
        figure.add_scatter(
            x=rows["epsilon"].tolist(),
            y=rows["accuracy"].tolist(),
            error_y=error_bars(rows, "accuracy"),
            name=title,
            legendgroup=title,
            showlegend=name != "pgd_l2",
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"symbol": symbol, "size": 8},
            customdata=rows[["correct", "examples"]].to_numpy().tolist(),
            hovertemplate=f"{title}, %{{x:.3~g}}: %{{y:.1%}} (%{{customdata[0]}} of %{{customdata[1]}})<extra></extra>",
            row=row,
            col=1,
        )
    figure.update_xaxes(title_text=_NORMS["linf"], row=1, col=1)
    figure.update_xaxes(title_text="length of the change (log scale)", type="log", dtick=1, row=2, col=1)
    figure.update_yaxes(title_text="accuracy", tickformat=".0%", range=[-0.03, 1.05])
    return figure.update_layout(
        template=TEMPLATE,
        title="Accuracy under attacks, with 95 % intervals",
        height=760,
        margin_b=LEGEND_BELOW + 40,
        showlegend=True,
    )


def smallest_changes(digits: pd.DataFrame) -> go.Figure:
    """Draw the share of digits that a change of a given size can turn into a mistake.

    Args:
        digits: Columns ``smallest_linf`` and ``smallest_l2``, one row per digit.
    """
    figure = make_subplots(rows=2, cols=1, vertical_spacing=0.2)
    for row, (norm, title) in enumerate(_NORMS.items(), start=1):
        sizes = np.sort(digits[f"smallest_{norm}"].to_numpy())
        share = np.arange(1, len(sizes) + 1) / len(sizes)
        known = np.isfinite(sizes)
        figure.add_scatter(
            x=sizes[known].tolist(),
            y=share[known].tolist(),
            mode="lines",
            line={"color": BLUE, "width": 2, "shape": "hv"},
            hovertemplate="%{y:.1%} of the digits up to %{x:.3~g}<extra></extra>",
            showlegend=False,
            row=row,
            col=1,
        )
        figure.update_xaxes(title_text=title, rangemode="tozero", row=row, col=1)
    figure.update_yaxes(title_text="share of the digits", tickformat=".0%", range=[0, 1.02])
    return figure.update_layout(template=TEMPLATE, title="Smallest change that causes a mistake", height=680)


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
            line={"color": _COLORS[number], "width": 2},
            marker={"symbol": _SYMBOLS[number], "size": 8},
            hovertemplate=f"{title} at severity %{{x}}: %{{y:.1%}}<extra></extra>",
        )
    figure.update_xaxes(title_text="severity (0: original digits)", dtick=1)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.03])
    return figure.update_layout(
        title="Calibration on corrupted digits", height=440, margin_b=LEGEND_BELOW, showlegend=True
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
        line={"color": _COLORS[number % len(_COLORS)], "width": 2},
        marker={"symbol": _SYMBOLS[number % len(_SYMBOLS)], "size": 7},
        hovertemplate=f"{name}, %{{x}}: %{{y:.3~g}}<extra></extra>",
        row=row,
        col=1,
    )


def adversarial_examples(images: NDArray[np.uint8], captions: Sequence[str], colors: Sequence[str]) -> go.Figure:
    """Draw digits next to their smallest changes that cause a mistake, three images in a row.

    Args:
        images: uint8 [3 N, 28, 28]: original, smallest L2 change, smallest L-infinity change.
        captions: 3 N texts.
        colors: "right" or "wrong" for each.
    """
    palette = {"right": INK, "wrong": VERMILLION}
    figure = image_grid(
        images,
        3,
        captions=captions,
        colors=[palette[color] for color in colors],
        hover=captions,
        keep_rows=True,
    )
    return figure.update_layout(title="Smallest changes that cause a mistake")
