"""Calibration: accuracy against confidence."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.theme import BLUE, GREY, LEGEND_BELOW, TEMPLATE, VERMILLION


def reliability(curve: pd.DataFrame) -> go.Figure:
    """Draw accuracy against confidence (top), and the number of predictions by confidence (bottom).

    On the diagonal the network is perfectly calibrated; below it, the network is overconfident.

    Args:
        curve: Bins of confidence with the columns ``lower``, ``upper``, ``examples``, ``mean_confidence``,
            ``accuracy``, ``accuracy_low`` and ``accuracy_high`` (fractions of 1); empty bins are not drawn.
    """
    filled = curve[curve["examples"] > 0]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08, row_heights=[0.7, 0.3])
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        name="perfect calibration",
        mode="lines",
        line={"color": GREY, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=filled["mean_confidence"].tolist(),
        y=filled["accuracy"].tolist(),
        error_y=error_bars(filled, "accuracy"),
        name="network, with 95 % intervals",
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        marker={"size": 8},
        customdata=filled["examples"].tolist(),
        hovertemplate="mean confidence %{x:.2%}: %{y:.2%} of %{customdata:,} correct<extra></extra>",
        row=1,
        col=1,
    )
    figure.add_bar(
        x=((curve["lower"] + curve["upper"]) / 2).tolist(),
        y=curve["examples"].tolist(),
        width=((curve["upper"] - curve["lower"]) * 0.95).tolist(),
        name="predictions",
        marker={"color": VERMILLION},
        customdata=curve[["lower", "upper"]].to_numpy().tolist(),
        hovertemplate="confidence %{customdata[0]:.2f} to %{customdata[1]:.2f}: %{y:,} predictions<extra></extra>",
        row=2,
        col=1,
    )
    title = "Calibration: accuracy against confidence"
    figure.update_layout(template=TEMPLATE, title=title, height=640, margin={"b": LEGEND_BELOW})
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_xaxes(title_text="confidence", row=2, col=1)
    figure.update_yaxes(title_text="accuracy", range=[-0.03, 1.03], tickformat=".0%", row=1, col=1)
    figure.update_yaxes(title_text="predictions (log scale)", type="log", dtick=1, tickformat=",d", row=2, col=1)
    return figure
