"""Two networks on the same digits."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth.figures.image_grid import empty_grid, image_grid
from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.theme import BLUE, GREY, TEMPLATE, VERMILLION

_COLUMNS = 10
_COLORS = {"network": BLUE, "baseline": VERMILLION, "neither": GREY}


def comparison(by_class: pd.DataFrame) -> go.Figure:
    """Draw by how much a network recognises more digits than its baseline, of all and of each class.

    Args:
        by_class: Rows with the columns ``digit`` ("all", "0" to "9"), ``only_network_right``, ``only_baseline_right``
            and ``difference`` (fraction of 1) with ``difference_low`` and ``difference_high``.
    """
    shown = by_class.dropna()
    figure = go.Figure(layout={"template": TEMPLATE})
    figure.add_hline(y=0, line={"color": GREY, "width": 1.5, "dash": "dash"})
    figure.add_scatter(
        x=[digit if digit == "all" else f"of {digit}" for digit in shown["digit"]],
        y=shown["difference"].tolist(),
        error_y=error_bars(shown, "difference"),
        mode="markers",
        marker={"color": BLUE, "size": 10},
        customdata=shown[["only_network_right", "only_baseline_right"]].to_numpy().tolist(),
        hovertemplate="%{x}: %{y:+.2%}, %{customdata[0]} recognised by the network alone, %{customdata[1]} by the "
        "baseline alone<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(title="Network against baseline", height=480)
    figure.update_xaxes(title_text="digits", type="category")
    figure.update_yaxes(title_text="difference of accuracy (95 % interval)", tickformat="+.1%")
    return figure


def disagreements(images: NDArray[np.uint8], table: pd.DataFrame) -> go.Figure:
    """Draw digits that two networks take for different classes: the true digit, the network's and the baseline's.

    Args:
        images: The whole test set, uint8 of shape [N, 28, 28].
        table: The rows to show, in this order, with the columns ``index`` (into ``images``), ``label``, ``prediction``,
            ``baseline_prediction`` and ``right`` ("network", "baseline" or "neither"); perhaps none.
    """
    columns = ("index", "label", "prediction", "baseline_prediction", "right")
    rows = list(zip(*(table[column].tolist() for column in columns), strict=True))
    figure = (
        image_grid(
            images[table["index"].to_numpy()],
            _COLUMNS,
            captions=[f"<b>{label}: {ours} vs {theirs}</b><br>{right}" for _, label, ours, theirs, right in rows],
            colors=[_COLORS[right] for *_, right in rows],
            hover=[
                f"test digit {index}: true {label}, network {ours}, baseline {theirs}; right: {right}"
                for index, label, ours, theirs, right in rows
            ],
        )
        if rows
        else empty_grid("the networks agree on every digit")
    )
    figure.update_layout(title="Where they differ: true digit, network vs baseline, and who is right")
    return figure
