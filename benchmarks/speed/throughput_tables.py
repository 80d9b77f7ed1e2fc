"""The table and the figure of the throughput benchmark."""

import statistics
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from benchmarks.common.tables import machine_line, markdown
from mnist_growth.figures import stamp
from mnist_growth.figures.theme import TEMPLATE

Row = Mapping[str, Any]
HEADER = (
    "width",
    "batch",
    "float32, images/s",
    "share of peak",
    "added by warps",
    "bfloat16, images/s",
    "share of the float32 peak",
    "added by warps",
    "float32 share after six growths",
)
KINDS = {
    "float32": ("float32", False, 0, "solid"),
    "float32 with warps": ("float32", True, 0, "dot"),
    "bfloat16": ("bfloat16", False, 0, "dash"),
}
"""Precision, warps, number of growths and line style of each kind of update in the figure."""


def table(results: Mapping[str, Any]) -> str:
    """Format one row for each width and batch size."""
    rows = []
    for width, batch in dict.fromkeys((row["width"], row["batch"]) for row in results["rows"]):
        found = {
            (row["precision"], row["warps"], row["growths"]): row
            for row in results["rows"]
            if (row["width"], row["batch"]) == (width, batch)
        }
        grown = found.get(("float32", False, 6))
        cells: list[object] = [width, batch]
        for precision in ("float32", "bfloat16"):
            plain, warped = found[precision, False, 0], found[precision, True, 0]
            cells += [f"{plain['images_per_second']:,.0f}", _share(plain), f"{cost_of_warps(warped, plain):.0%}"]
        rows.append((*cells, _share(grown) if grown else ""))
    peak = results["peak_gflops"]
    return (
        f"{markdown(HEADER, rows)}\n\nPeak: {peak['median']:.1f} GFLOP/s (median; {peak['least']:.1f} to "
        f"{peak['most']:.1f}). Shares: median ± standard deviation, n = {results['rounds']}. Added by warps: time of "
        f"an update with warps / time without, minus 1, median of the rounds. {machine_line(results)}"
    )


def cost_of_warps(warped: Row, plain: Row) -> float:
    """Return the time that warps add to an update, as a share of the time without; the median of the rounds."""
    pairs = zip(plain["rounds"]["images_per_second"], warped["rounds"]["images_per_second"], strict=True)
    return float(statistics.median(without / with_warps for without, with_warps in pairs)) - 1


def _share(row: Row) -> str:
    return f"{row['share_of_peak']:.2f} ± {row['share_deviation']:.2f}"


def draw(results: Mapping[str, Any]) -> go.Figure:
    """Draw the share of the peak against the batch size: a colour for each width, a line style for each kind."""
    figure, colors = go.Figure(), TEMPLATE.layout.colorway
    widths = list(dict.fromkeys(row["width"] for row in results["rows"]))
    for index, width in enumerate(widths):
        for name, (*kind, dash) in KINDS.items():
            rows = [
                row
                for row in results["rows"]
                if row["width"] == width and [row["precision"], row["warps"], row["growths"]] == kind
            ]
            figure.add_scatter(
                x=[row["batch"] for row in rows],
                y=[row["share_of_peak"] for row in rows],
                error_y={"array": [row["share_deviation"] for row in rows], "thickness": 1, "width": 3},
                customdata=[row["images_per_second"] for row in rows],
                name=f"width {width}, {name}", mode="lines+markers", line={"color": colors[index], "dash": dash},
                hovertemplate="%{y:.0%} of the peak, %{customdata:,.0f} images/s",
            )  # fmt: skip
    batches = sorted({row["batch"] for row in results["rows"]})
    figure.update_xaxes(title_text="images per update", type="log", tickvals=batches, ticktext=list(map(str, batches)))
    figure.update_yaxes(title_text="share of the float32 peak rate", tickformat=".0%", rangemode="tozero")
    figure.update_layout(template=TEMPLATE, title="Throughput of a training step", height=560)
    machine = results["hardware"]
    return stamp(
        figure,
        f"{machine['processor']}, {machine['threads']} threads · peak {results['peak_gflops']['median']:.0f} GFLOP/s · "
        f"median ± deviation, n = {results['rounds']} · {results['date']}",
    )
