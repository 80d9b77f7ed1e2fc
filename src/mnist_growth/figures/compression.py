"""Error rate of compressed networks against what they cost."""

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.log_ticks import log_ticks
from mnist_growth.figures.theme import BLUE, GREY, LEGEND_BELOW, TEMPLATE, VERMILLION

_COSTS = {
    "bytes": ("size of the file (bytes, log scale)", "Error rate against size", "%{x:,} bytes"),
    "latency_milliseconds": (
        "time of one image (ms, log scale)",
        "Error rate against latency",
        "%{x:.3~g} ms",
    ),
    "multiply_adds": (
        "multiply-adds of one image (log scale)",
        "Error rate against multiply-adds",
        "%{x:,} multiply-adds",
    ),
}
_SOURCE = "source"  # name of the network that was compressed
_LEAST_ERROR = 1e-4  # drawn for a network without mistakes
_WIDE = {"min_width": 760}  # pixels: names would overlap on a narrower figure
_POSITIONS = ("bottom left", "top right")  # on either side of the line that falls to the right


def compression(table: pd.DataFrame, cost: str) -> go.Figure:
    """Draw the test error of each network against one cost, both on log scales, with the best ones joined by a line.

    Args:
        table: One row per network with the columns ``name``, ``accuracy`` (fraction of 1) and that of the cost.
        cost: Column of the horizontal axis: "bytes", "latency_milliseconds" or "multiply_adds".
    """
    x_title, title, shown = _COSTS[cost]
    table = table.assign(error=(1 - table["accuracy"]).clip(lower=_LEAST_ERROR))
    best = _best(table, cost)
    names = best["name"].tolist()
    figure = go.Figure(layout={"template": TEMPLATE})
    figure.add_scatter(
        x=best[cost].tolist(),
        y=best["error"].tolist(),
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
        figure.add_scatter(
            x=rows[cost].tolist(),
            y=rows["error"].tolist(),
            name=name,
            mode="markers+text",
            text=[each.replace("_", " ") if each in names else "" for each in rows["name"]],
            textposition=[_POSITIONS[names.index(each) % 2 if each in names else 0] for each in rows["name"]],
            textfont={"size": 11},
            cliponaxis=False,
            marker={"color": color, "size": 9, "symbol": symbol},
            customdata=rows["name"].str.replace("_", " ").tolist(),
            hovertemplate=f"%{{customdata}}: %{{y:.2%}} wrong, {shown}<extra></extra>",
        )
    figure.update_layout(title=title, height=480, margin_b=LEGEND_BELOW, showlegend=True, meta=_WIDE)
    figure.update_xaxes(title_text=x_title, **log_ticks(table[cost], "{:,.6g}".format))
    figure.update_yaxes(title_text="test error (log scale)", **log_ticks(table["error"], _percent))
    return figure


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _best(table: pd.DataFrame, cost: str) -> pd.DataFrame:
    """Return the networks than which no cheaper one is as accurate, the cheapest first."""
    ordered = table.sort_values([cost, "accuracy"], ascending=[True, False])
    return ordered[ordered["accuracy"] > ordered["accuracy"].cummax().shift(fill_value=-1.0)]
