"""How accurately new classes are recognised after a few images."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.theme import GREY, LEGEND_BELOW, SERIES_COLORS, SERIES_SYMBOLS, TEMPLATE

_SPREAD = 0.24  # distance of the marks of two numbers of shots, in rows


def few_shot(means: pd.DataFrame, methods: Sequence[str], ways: int) -> go.Figure:
    """Draw the accuracy of each method, a row, by number of shots.

    Args:
        means: Columns ``method``, ``shots``, ``seeds``, ``tasks``, and ``accuracy`` with its interval; see
            ``studies.few_shot_means``.
        methods: From top to bottom.
        ways: Number of classes of a task; the accuracy of a guess is marked by a line.
    """
    figure = go.Figure(layout={"template": TEMPLATE})
    all_shots = sorted(set(means["shots"]))
    for number, shots in enumerate(all_shots):
        shown = means[means["shots"] == shots]
        style = number % len(SERIES_COLORS)
        offset = _SPREAD * (number - (len(all_shots) - 1) / 2)
        noun = "image" if shots == 1 else "images"
        figure.add_scatter(
            x=shown["accuracy"].tolist(),
            y=[methods.index(method) + offset for method in shown["method"]],
            error_x=error_bars(shown, "accuracy"),
            name=f"{shots} {noun} of each class",
            mode="markers",
            marker={"size": 10, "color": SERIES_COLORS[style], "symbol": SERIES_SYMBOLS[style]},
            customdata=shown[["method", "tasks", "seeds"]].to_numpy().tolist(),
            hovertemplate=(
                f"%{{customdata[0]}}, {shots} {noun} of each class: %{{x:.1%}} "
                "(%{customdata[1]:,} tasks, %{customdata[2]} repetitions)<extra></extra>"
            ),
        )
    figure.add_vline(x=1 / ways, line={"color": GREY, "dash": "dot", "width": 1.5}, annotation_text="guess")
    figure.update_yaxes(
        tickvals=list(range(len(methods))),
        ticktext=[method.replace("_", " ") for method in methods],
        range=[len(methods) - 0.5, -0.5],
    )
    figure.update_xaxes(title_text="mean with 95 % interval", tickformat=".0%", range=[0, 1.01])
    return figure.update_layout(
        title="Accuracy on new classes", height=200 + 60 * len(methods), margin_b=LEGEND_BELOW + 40
    )
