"""Cost of each layer, and memory of the training: formula and measured peak."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.theme import BLUE, GREEN, GREY, LEGEND_BELOW, ORANGE, PURPLE, SKY, TEMPLATE, VERMILLION

_BYTES_PER_MEGABYTE = 1e6
_COLUMNS = (
    ("training_multiply_adds", "multiply-adds", "multiply-adds per<br>training image"),
    ("parameters", "parameters", "parameters<br>(and gradients)"),
    ("activations", "stored activations", "stored activations<br>per image"),
)
_PART_COLORS = (GREY, BLUE, SKY, GREEN, ORANGE, PURPLE)


def complexity(layers: pd.DataFrame, memory_parts: pd.DataFrame) -> go.Figure:
    """Draw the cost of each layer (top), and the parts of the memory next to the measured peak (bottom).

    Args:
        layers: One row per layer, as ``network.LayerCost``: ``name``, ``training_multiply_adds``, ``parameters`` and
            ``activations`` (counts; per image, except for the parameters).
        memory_parts: One row per part with the columns ``part``, ``formula`` and ``bytes``; the parts of the formula,
            then its sum, the measured peak and the budget (drawn in megabytes of 10^6 bytes).
    """
    figure = make_subplots(
        rows=2,
        cols=3,
        specs=[[{}, {}, {}], [{"colspan": 3}, None, None]],
        row_heights=[0.6, 0.4],
        vertical_spacing=0.2,
        horizontal_spacing=0.1,
    )
    names = layers["name"].tolist()
    for column, (key, name, title) in enumerate(_COLUMNS, start=1):
        figure.add_bar(
            x=names,
            y=layers[key].tolist(),
            name=name,
            marker_color=BLUE,
            showlegend=False,
            hovertemplate="%{x}: %{y:,} " + name + "<extra></extra>",
            row=1,
            col=column,
        )
        figure.update_yaxes(title={"text": title, "font": {"size": 12}}, rangemode="tozero", row=1, col=column)
        figure.update_xaxes(tickangle=0, tickfont_size=10, row=1, col=column)
    megabytes = dict(zip(memory_parts["part"], (memory_parts["bytes"] / _BYTES_PER_MEGABYTE).tolist(), strict=True))
    formulas = dict(zip(memory_parts["part"], memory_parts["formula"], strict=True))
    peak, budget = megabytes.pop("measured peak"), megabytes.pop("budget")
    del megabytes["sum of the formula"]
    for (part, size), color in zip(megabytes.items(), _PART_COLORS, strict=True):
        figure.add_bar(
            y=["formula"],
            x=[size],
            name=part,
            orientation="h",
            marker_color=color,
            hovertemplate=f"{part} ({formulas[part]}): " + "%{x:,.1f} MB<extra></extra>",
            row=2,
            col=1,
        )
    figure.add_bar(
        y=["measured peak"],
        x=[peak],
        name="measured peak",
        orientation="h",
        marker_color=VERMILLION,
        hovertemplate="measured peak: %{x:,.1f} MB<extra></extra>",
        row=2,
        col=1,
    )
    figure.update_xaxes(title_text=f"memory (MB); the budget is {budget:,.0f} MB", rangemode="tozero", row=2, col=1)
    figure.update_layout(
        template=TEMPLATE,
        title="Complexity of the network and memory of its training",
        barmode="stack",
        legend_traceorder="normal",
        height=720,
        margin_b=LEGEND_BELOW,
        meta={"min_width": 900},  # pixels: three panels are next to each other
    )
    return figure
