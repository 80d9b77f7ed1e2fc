"""The figure of the time-to-accuracy benchmark: test accuracy against seconds of training."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from benchmarks.speed.accuracy_tables import is_ours
from mnist_growth.figures import stamp
from mnist_growth.figures.theme import GREY, TEMPLATE


def draw(results: Mapping[str, Any]) -> go.Figure:
    """Draw a line for each run: one colour per contestant, and our float32 runs dotted."""
    figure = go.Figure()
    colors = TEMPLATE.layout.colorway
    shown: dict[str, str] = {}
    for run in results["runs"]:
        ours = is_ours(run)
        label = f"{run['contestant']}, recipe for {run['goals'][0]:.0%}" if ours else run["contestant"]
        family = f"ours {run['goals']}" if ours else label
        color = colors[list(dict.fromkeys([*shown.values(), family])).index(family) % len(colors)]
        dash = "dot" if ours and run["contestant"].endswith("float32") else "solid"
        figure.add_scatter(
            x=[seconds for seconds, _ in run["curve"]],
            y=[accuracy for _, accuracy in run["curve"]],
            name=label, legendgroup=label, showlegend=label not in shown, mode="lines+markers",
            line={"color": color, "dash": dash, "width": 1.5}, marker={"size": 6},
            hovertemplate="%{y:.2%} after %{x:.1f} s",
        )  # fmt: skip
        shown[label] = family
    for goal in results["goals"]:
        figure.add_hline(y=goal, line={"color": GREY, "dash": "dash", "width": 1})
    low = min(accuracy for run in results["runs"] for _, accuracy in run["curve"])
    figure.update_xaxes(title_text="seconds of training", type="log")
    figure.update_yaxes(title_text="test accuracy", tickformat=".1%", range=[max(low, results["goals"][0] - 0.04), 1])
    figure.update_layout(template=TEMPLATE, title="Time to accuracy", height=560)
    rounds = len({run["round"] for run in results["runs"]})
    machine = results["hardware"]
    return stamp(
        figure,
        f"dataset {results['dataset']} · {rounds} rounds · {machine['processor']}, {machine['threads']} threads, "
        f"{machine['matmul_gflops']} GFLOP/s · {results['date']}",
    )
