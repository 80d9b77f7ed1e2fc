"""How many labels strategies of active learning need."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.theme import GREY, LEGEND_BELOW, SERIES_COLORS, SERIES_SYMBOLS, TEMPLATE

_OFFSET = 1.012  # ratio of the abscissas of two strategies, so that their intervals stand side by side


def active_learning(accuracies: pd.DataFrame, strategies: Sequence[str], goal: float) -> go.Figure:
    """Draw the accuracy of each strategy by the number of labels.

    Args:
        accuracies: Columns ``strategy``, ``labels``, ``seeds``, and ``accuracy`` with its interval; see
            ``studies.mean_accuracies``.
        strategies: In the order of the legend.
        goal: Accuracy that is marked by a line.
    """
    figure = go.Figure(layout={"template": TEMPLATE})
    centre = (len(strategies) - 1) / 2
    for number, strategy in enumerate(strategies):
        shown = accuracies[accuracies["strategy"] == strategy].sort_values("labels")
        style = number % len(SERIES_COLORS)
        figure.add_scatter(
            x=(shown["labels"] * _OFFSET ** (number - centre)).tolist(),
            y=shown["accuracy"].tolist(),
            error_y=error_bars(shown, "accuracy"),
            name=strategy,
            mode="lines+markers",
            line={"color": SERIES_COLORS[style], "width": 2},
            marker={"size": 8, "symbol": SERIES_SYMBOLS[style]},
            customdata=shown[["labels", "seeds"]].to_numpy().tolist(),
            hovertemplate=(
                f"{strategy}, %{{customdata[0]:,}} labels: %{{y:.2%}} (mean of %{{customdata[1]}})<extra></extra>"
            ),
        )
    figure.add_hline(y=goal, line={"color": GREY, "dash": "dot", "width": 1.5})
    labels = sorted(set(accuracies["labels"]))
    figure.update_xaxes(
        title_text="labelled images", type="log", tickvals=labels, ticktext=[f"{value:,}" for value in labels]
    )
    figure.update_yaxes(title_text="test accuracy", tickformat=".0%")
    return figure.update_layout(
        title="Accuracy by number of labels, with 95 % intervals", height=520, margin_b=LEGEND_BELOW + 40
    )
