"""The figure of the growth benchmark: accuracy against multiply-adds."""

import statistics
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from benchmarks.growth.methods import BUDGET, FIXED, GROMO
from benchmarks.growth.tables import budget, runs_by_method
from mnist_growth.figures import stamp
from mnist_growth.figures.theme import SERIES_COLORS, SERIES_SYMBOLS, TEMPLATE

SHOWN = (FIXED, "fixed, 256 neurons", "grown", BUDGET, GROMO)
"""Methods that the figure shows; operators differ too little."""


def draw(results: Mapping[str, Any]) -> go.Figure:
    """Draw the test accuracy of each method against its multiply-adds, with the standard error of the mean.

    Args:
        results: Entries of the benchmark; one panel for each largest width.
    """
    widths = sorted({entry["recipe"]["growth"]["max_neurons"] for entry in results.values()})
    titles = [f"at most {width:,} neurons per layer" for width in widths]
    figure = make_subplots(rows=1, cols=len(widths), subplot_titles=titles, horizontal_spacing=0.08)
    for column, width in enumerate(widths, start=1):
        points = [entry for entry in results.values() if entry["recipe"]["growth"]["max_neurons"] == width]
        points.sort(key=budget)
        for method, color, symbol in zip(SHOWN, SERIES_COLORS, SERIES_SYMBOLS, strict=False):
            found = [(budget(entry), runs_by_method(entry).get(method, [])) for entry in points]
            found = [(spent, runs) for spent, runs in found if runs]
            accuracies = [[100 * run["test_accuracy"] for run in runs] for _, runs in found]
            figure.add_scatter(
                x=[spent for spent, _ in found],
                y=[statistics.mean(values) for values in accuracies],
                error_y={
                    "type": "data",
                    "array": [
                        statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0 for values in accuracies
                    ],
                },
                name=method,
                legendgroup=method,
                showlegend=column == 1,
                mode="lines+markers",
                line={"color": color},
                marker={"color": color, "symbol": symbol, "size": 9},
                hovertemplate="%{y:.2f} %",
                row=1,
                col=column,
            )
        figure.update_xaxes(title_text="multiply-adds of the training", type="log", row=1, col=column)
        figure.update_yaxes(title_text="test accuracy (%)" if column == 1 else "", row=1, col=column)
    recipe = next(iter(results.values()))["recipe"]
    figure.update_layout(template=TEMPLATE, title="Growing at equal cost", height=480)
    provenance = f"dataset {recipe['dataset']} · {recipe['test_digits']:,} test digits · mean and standard error"
    return stamp(figure, provenance)
