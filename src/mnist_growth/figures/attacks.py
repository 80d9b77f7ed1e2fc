"""Accuracy under attacks, the smallest changes that a network errs on, and examples."""

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
    TEMPLATE,
    VERMILLION,
)

_ATTACKS = {
    "fgsm": ("FGSM, one step", ORANGE, "diamond"),
    "pgd": ("PGD, many steps", VERMILLION, "circle"),
    "transfer": ("black-box attack", GREEN, "square"),
    "pgd_l2": ("PGD, many steps", VERMILLION, "circle"),
    "smoothing": ("certified with smoothing", PURPLE, "triangle-up"),
    "lipschitz": ("certified by slope", BLUE, "cross"),
}
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
