"""Validation accuracy against the cost of the training."""

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.history import mark_growth
from mnist_growth.figures.theme import TEMPLATE, VALIDATION

_PER_TERA = 1e-12


def cost(history: pd.DataFrame) -> go.Figure:
    """Draw the validation accuracy against the multiply-adds of the training so far.

    Epochs of a narrow network are short on this axis, which shows what growth saves.

    Args:
        history: One row per epoch with the columns ``epoch``, ``widths``, ``grew``, ``multiply_adds`` (of the training
            so far; drawn in units of 10^12) and ``validation_accuracy`` (fraction of 1).
    """
    spent = history["multiply_adds"] * _PER_TERA
    figure = go.Figure()
    figure.add_scatter(
        x=spent.tolist(),
        y=history["validation_accuracy"].tolist(),
        customdata=history["epoch"].tolist(),
        name="validation",
        mode="lines+markers",
        line={"color": VALIDATION, "width": 2},
        marker={"symbol": "diamond", "size": 6},
        hovertemplate="epoch %{customdata}: %{y:.2%} after %{x:.3~g} · 10<sup>12</sup> multiply-adds<extra></extra>",
    )
    figure.update_layout(template=TEMPLATE, title="Accuracy against training cost", height=440)
    figure.update_xaxes(title_text="multiply-adds of the training so far (10<sup>12</sup>)", rangemode="tozero")
    figure.update_yaxes(title_text="validation accuracy", tickformat=".4~p")
    mark_growth(figure, history, spent.shift(1, fill_value=0.0))
    return figure
