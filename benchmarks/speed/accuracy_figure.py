"""The figure of the time-to-accuracy benchmark: test accuracy against seconds of training."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from benchmarks.speed.accuracy_tables import by_contestant, is_ours
from mnist_growth.figures import stamp
from mnist_growth.figures.theme import GREY, TEMPLATE


def draw(entry: Mapping[str, Any]) -> go.Figure:
    """Draw a line for each run: one colour per contestant, one for all of ours, and our float32 runs dotted."""
    figure = go.Figure()
    colors = TEMPLATE.layout.colorway
    contestants = by_contestant(entry["runs"])
    families = list(dict.fromkeys("ours" if is_ours(label) else label for label in contestants))
    for label, runs in contestants.items():
        family = "ours" if is_ours(label) else label
        dash = "dot" if is_ours(label) and label.endswith("float32") else "solid"
        for number, run in enumerate(runs):
            figure.add_scatter(
                x=[seconds for seconds, _ in run["curve"]],
                y=[accuracy for _, accuracy in run["curve"]],
                name=label, legendgroup=label, showlegend=number == 0, mode="lines+markers",
                line={"color": colors[families.index(family) % len(colors)], "dash": dash, "width": 1.5},
                marker={"size": 6}, hovertemplate="%{y:.2%} after %{x:.1f} s",
            )  # fmt: skip
    figure.add_hline(y=entry["goal"], line={"color": GREY, "dash": "dash", "width": 1})
    low = min(accuracy for run in entry["runs"] for _, accuracy in run["curve"])
    figure.update_xaxes(title_text="seconds of training", type="log")
    figure.update_yaxes(title_text="test accuracy", tickformat=".1%", range=[max(low, entry["goal"] - 0.04), 1])
    figure.update_layout(template=TEMPLATE, title=f"Time to {entry['goal']:.0%}", height=560)
    machine = entry["hardware"]
    return stamp(
        figure,
        f"dataset {entry['dataset']} · {len(entry['matmul_gflops'])} rounds · {machine['processor']}, "
        f"{machine['threads']} threads, {machine['matmul_gflops']} GFLOP/s · {entry['date']}",
    )
