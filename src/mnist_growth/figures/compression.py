"""Accuracy of compressed networks against what they cost."""

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.theme import BLUE, GREY, LEGEND_BELOW, TEMPLATE, VERMILLION

_COSTS = {
    "bytes": ("size of the file (bytes, log scale)", "Accuracy against size", "%{x:,} bytes"),
    "latency_milliseconds": (
        "time of one image, fastest backend (ms, log scale)",
        "Accuracy against latency",
        "%{x:.3~g} ms",
    ),
    "multiply_adds": (
        "multiply-adds of one image (log scale)",
        "Accuracy against multiply-adds",
        "%{x:,} multiply-adds",
    ),
}
_SOURCE = "source"  # name of the network that was compressed
_POSITIONS = ("top center", "bottom center")


def compression(table: pd.DataFrame, cost: str) -> go.Figure:
    """Draw the test accuracy of each network against one cost, with the best ones joined by a line.

    Args:
        table: One row per network with the columns ``name``, ``accuracy`` (fraction of 1) and that of the cost.
        cost: Column of the horizontal axis: "bytes", "latency_milliseconds" or "multiply_adds".
    """
    x_title, title, shown = _COSTS[cost]
    best = _best(table, cost)
    figure = go.Figure(layout={"template": TEMPLATE})
    figure.add_scatter(
        x=best[cost].tolist(),
        y=best["accuracy"].tolist(),
        name="no other is both cheaper and more accurate",
        mode="lines",
        line={"color": GREY, "width": 1.5, "dash": "dash", "shape": "hv"},
        hoverinfo="skip",
    )
    is_source = table["name"] == _SOURCE
    for name, color, symbol, rows in (
        ("compressed", BLUE, "circle", table[~is_source]),
        ("source network", VERMILLION, "diamond", table[is_source]),
    ):
        labels = [name if name in set(best["name"]) else "" for name in rows["name"]]
        figure.add_scatter(
            x=rows[cost].tolist(),
            y=rows["accuracy"].tolist(),
            name=name,
            mode="markers+text",
            text=labels,
            textposition=[_POSITIONS[position % 2] for position in range(len(rows))],
            textfont={"size": 11},
            cliponaxis=False,
            marker={"color": color, "size": 9, "symbol": symbol},
            customdata=rows["name"].tolist(),
            hovertemplate=f"%{{customdata}}: %{{y:.2%}}, {shown}<extra></extra>",
        )
    figure.update_layout(title=title, height=480, margin_b=LEGEND_BELOW + 40, showlegend=True)
    figure.update_xaxes(title_text=x_title, type="log")
    figure.update_yaxes(title_text="test accuracy", tickformat=".4~p")
    return figure


def _best(table: pd.DataFrame, cost: str) -> pd.DataFrame:
    """Return the networks than which no cheaper one is as accurate, the cheapest first."""
    ordered = table.sort_values([cost, "accuracy"], ascending=[True, False])
    return ordered[ordered["accuracy"] > ordered["accuracy"].cummax().shift(fill_value=-1.0)]
