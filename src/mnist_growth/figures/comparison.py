"""Comparison of two networks on the same digits."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth.figures.class_names import caption, named
from mnist_growth.figures.image_grid import empty_grid, image_grid
from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.theme import BLUE, GREY, TEMPLATE, VERMILLION

_COLUMNS = 10
_COLORS = {"network": BLUE, "baseline": VERMILLION, "neither": GREY}


def comparison(by_class: pd.DataFrame) -> go.Figure:
    """Draw the difference in accuracy between a network and its baseline, for all digits and for each class.

    Args:
        by_class: A row for all digits, then one for each class, with the columns ``class_name``,
            ``only_network_correct``, ``only_baseline_correct``, and ``difference`` (fraction of 1) with its bounds
            ``difference_low`` and ``difference_high``.
    """
    shown = by_class.dropna()
    figure = go.Figure(layout={"template": TEMPLATE})
    figure.add_hline(y=0, line={"color": GREY, "width": 1.5, "dash": "dash"})
    figure.add_scatter(
        x=["all", *(f"class {name}" for name in shown["class_name"][1:])],
        y=shown["difference"].tolist(),
        error_y=error_bars(shown, "difference"),
        mode="markers",
        marker={"color": BLUE, "size": 10},
        customdata=shown[["only_network_correct", "only_baseline_correct"]].to_numpy().tolist(),
        hovertemplate="%{x}: %{y:+.2%}, %{customdata[0]} correct by the network only, %{customdata[1]} by the "
        "baseline only<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(title="Network against baseline", height=480)
    figure.update_xaxes(title_text="digits", type="category")
    figure.update_yaxes(title_text="difference in accuracy (95 % interval)", tickformat="+.1%")
    return figure


def disagreements(images: NDArray[np.uint8], table: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw digits that two networks classify differently: the true digit, then both predictions.

    Args:
        images: The whole test set, uint8 of shape [N, 28, 28].
        table: The rows to show, in this order, with the columns ``index`` (into ``images``), ``label``, ``prediction``,
            ``baseline_prediction`` and ``correct`` ("network", "baseline" or "neither"); may be empty.
        class_names: Names of the classes; empty for digits.
    """
    table = named(table, class_names, "label", "prediction", "baseline_prediction")
    columns = ("index", "label", "prediction", "baseline_prediction", "correct")
    rows = list(zip(*(table[column].tolist() for column in columns), strict=True))
    figure = (
        image_grid(
            images[table["index"].to_numpy()],
            _COLUMNS,
            captions=[
                f"{caption(f'{label}:', f'{ours} vs', f'{theirs}')}<br>{correct}"
                for _, label, ours, theirs, correct in rows
            ],
            colors=[_COLORS[correct] for *_, correct in rows],
            hover=[
                f"test digit {index}: true {label}, network {ours}, baseline {theirs}; correct: {correct}"
                for index, label, ours, theirs, correct in rows
            ],
        )
        if rows
        else empty_grid("The networks agree on every digit")
    )
    figure.update_layout(title="Disagreements: true digit, network vs baseline, and which one is correct")
    return figure
