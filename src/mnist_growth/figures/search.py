"""Fronts of accuracy and cost that methods of architecture search find, and their hypervolume by work."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.log_ticks import log_ticks
from mnist_growth.figures.theme import LEGEND_BELOW, SERIES_COLORS, SERIES_SYMBOLS, TEMPLATE

_MIN_ERROR = 1e-4  # drawn for a network without mistakes, which has no place on a logarithmic axis


def search_fronts(networks: pd.DataFrame, methods: Sequence[str]) -> go.Figure:
    """Draw validation error by multiply-adds: all networks faintly, and the front of each search.

    Args:
        networks: Columns ``method``, ``seed``, ``widths``, ``multiply_adds``, ``validation_accuracy``,
            ``test_accuracy`` and ``is_front``; see ``studies.searched_table``.
        methods: In the order of the legend.
    """
    figure = go.Figure(layout={"template": TEMPLATE})
    drawn = networks.assign(error=(1 - networks["validation_accuracy"]).clip(lower=_MIN_ERROR))
    for number, method in enumerate(methods):
        color = SERIES_COLORS[number % len(SERIES_COLORS)]
        symbol = SERIES_SYMBOLS[number % len(SERIES_SYMBOLS)]
        of_method = drawn[drawn["method"] == method]
        figure.add_scatter(
            x=of_method["multiply_adds"].tolist(),
            y=of_method["error"].tolist(),
            mode="markers",
            marker={"size": 6, "symbol": symbol, "color": color, "opacity": 0.3},
            legendgroup=method,
            showlegend=False,
            hoverinfo="skip",
        )
        for position, (seed, search) in enumerate(of_method[of_method["is_front"]].groupby("seed")):
            front = search.sort_values("multiply_adds")
            figure.add_scatter(
                x=front["multiply_adds"].tolist(),
                y=front["error"].tolist(),
                name=method,
                legendgroup=method,
                showlegend=position == 0,
                mode="lines+markers",
                line={"color": color, "width": 1.5, "shape": "hv"},
                marker={"size": 7, "symbol": symbol},
                customdata=front[["widths", "test_accuracy"]].to_numpy().tolist(),
                hovertemplate=(
                    f"{method}, seed {seed}, widths %{{customdata[0]}}: %{{x:,}} multiply-adds, validation error "
                    "%{y:.2%}, test accuracy %{customdata[1]:.2%}<extra></extra>"
                ),
            )
    if len(drawn):
        figure.update_xaxes(**log_ticks(drawn["multiply_adds"], _thousands))
        figure.update_yaxes(**log_ticks(drawn["error"], "{:.1%}".format))
    figure.update_xaxes(title_text="multiply-adds of an image (log scale)")
    figure.update_yaxes(title_text="validation error (log scale)")
    return figure.update_layout(
        title="Networks that no other one of their search dominates", height=560, margin_b=LEGEND_BELOW + 10
    )


def search_hypervolume(by_work: pd.DataFrame, methods: Sequence[str]) -> go.Figure:
    """Draw the mean hypervolume that each method has reached by the work spent, with its interval over the seeds.

    Args:
        by_work: Columns ``method``, ``work`` and ``hypervolume`` with its interval; see
            ``studies.hypervolume_by_work``.
        methods: In the order of the legend.
    """
    figure = go.Figure(layout={"template": TEMPLATE})
    for number, method in enumerate(methods):
        shown = by_work[by_work["method"] == method].sort_values("work")
        color = SERIES_COLORS[number % len(SERIES_COLORS)]
        figure.add_scatter(
            x=shown["work"].tolist(),
            y=shown["hypervolume"].tolist(),
            error_y=error_bars(shown, "hypervolume"),
            name=method,
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"size": 6, "symbol": SERIES_SYMBOLS[number % len(SERIES_SYMBOLS)]},
            hovertemplate=f"{method}, %{{x:.2e}} multiply-adds: %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(
        title_text="multiply-adds of all trainings of a search", rangemode="tozero", exponentformat="power"
    )
    figure.update_yaxes(title_text="hypervolume (decades of cost × error)")
    return figure.update_layout(
        title="Hypervolume by work, with 95 % intervals", height=480, margin_b=LEGEND_BELOW + 10
    )


def _thousands(value: float) -> str:
    return f"{value / 1000:g}k"
