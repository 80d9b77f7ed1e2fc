"""What a network keeps of earlier tasks while it learns further ones."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.loss_surface import nothing_to_draw
from mnist_growth.figures.theme import GREY, LEGEND_BELOW, SEQUENTIAL, SERIES_COLORS, SERIES_SYMBOLS, TEMPLATE

_ROW = 300  # pixels of one plot
_MATRIX = 250  # pixels of one heat map
_OFFSET = 0.03  # tasks between two methods, so that their intervals stand side by side
JOINT = "joint"
"""The method that is trained once, on all tasks."""


def continual_accuracy(accuracies: pd.DataFrame, scenarios: Sequence[str], methods: Sequence[str]) -> go.Figure:
    """Draw the average accuracy of the tasks so far by the number of trained tasks, one plot below the other.

    Args:
        accuracies: Columns ``scenario``, ``method``, ``tasks_trained``, ``seeds``, and ``accuracy`` with its interval;
            see ``studies.average_accuracies``.
        scenarios: From the top to the bottom.
        methods: In the order of the legend. Joint training is a line across, since it has no order of tasks.
    """
    rows = len(scenarios)
    figure = make_subplots(rows=rows, cols=1, vertical_spacing=0.34 / rows if rows > 1 else 0, subplot_titles=scenarios)
    successive = [method for method in methods if method != JOINT]
    for row, scenario in enumerate(scenarios, start=1):
        of_scenario = accuracies[accuracies["scenario"] == scenario]
        for number, method in enumerate(methods):
            shown = of_scenario[of_scenario["method"] == method].sort_values("tasks_trained")
            if shown.empty:
                continue
            legend = {"name": method, "legendgroup": method, "showlegend": row == 1}
            if method == JOINT:
                mean = float(shown["accuracy"].iloc[0])
                figure.add_scatter(
                    x=[1, int(of_scenario["tasks_trained"].max())],
                    y=[mean, mean],
                    mode="lines",
                    line={"color": GREY, "width": 2, "dash": "dot"},
                    hovertemplate=f"{method}: {mean:.2%}<extra></extra>",
                    **legend,
                    row=row,
                    col=1,
                )
                continue
            style = number % len(SERIES_COLORS)
            offset = _OFFSET * (successive.index(method) - (len(successive) - 1) / 2)
            figure.add_scatter(
                x=(shown["tasks_trained"] + offset).tolist(),
                y=shown["accuracy"].tolist(),
                error_y=error_bars(shown, "accuracy"),
                mode="lines+markers",
                line={"color": SERIES_COLORS[style], "width": 2},
                marker={"size": 7, "symbol": SERIES_SYMBOLS[style]},
                customdata=shown[["tasks_trained", "seeds"]].to_numpy().tolist(),
                hovertemplate=(
                    f"{method} after task %{{customdata[0]}}: %{{y:.2%}} (mean of %{{customdata[1]}})<extra></extra>"
                ),
                **legend,
                row=row,
                col=1,
            )
    figure.update_xaxes(title_text="tasks trained", dtick=1)
    figure.update_yaxes(title_text="test accuracy", tickformat=".0%")
    return figure.update_layout(
        template=TEMPLATE,
        title="Average accuracy of the tasks so far, with 95 % intervals",
        height=_ROW * rows + 230,
        margin_b=LEGEND_BELOW + 50,
    )


def continual_matrix(tasks: pd.DataFrame, scenarios: Sequence[str], methods: Sequence[str]) -> go.Figure:
    """Draw the mean accuracy of every task after every further one, one heat map for each scenario and method.

    Args:
        tasks: Columns ``scenario``, ``method``, ``tasks_trained``, ``task`` and ``accuracy``; see
            ``studies.tasks_table``.
        scenarios: From the top to the bottom.
        methods: One below the other, without joint training.
    """
    title = "Accuracy of every task over time (%)"
    shown = [
        (scenario, method, matrix)
        for scenario in scenarios
        for method in methods
        if method != JOINT and not (matrix := _matrix(tasks, scenario, method)).empty
    ]
    if not shown:
        return nothing_to_draw(title, "Only joint training was done, which has no order of tasks.")
    rows = len(shown)
    figure = make_subplots(
        rows=rows,
        cols=1,
        subplot_titles=[f"{scenario}: {method}" if len(scenarios) > 1 else method for scenario, method, _ in shown],
        vertical_spacing=0.28 / rows if rows > 1 else 0,
    )
    largest = max(float((1 - matrix).max().max()) for _, _, matrix in shown)
    for row, (_, method, matrix) in enumerate(shown, start=1):
        figure.add_heatmap(
            z=(1 - matrix).to_numpy().tolist(),
            x=matrix.columns.tolist(),
            y=matrix.index.tolist(),
            customdata=matrix.to_numpy().tolist(),
            text=[["" if value != value else f"{100 * value:.0f}" for value in line] for line in matrix.to_numpy()],
            texttemplate="%{text}",
            textfont={"size": 10},
            colorscale=SEQUENTIAL,
            zmin=0,
            zmax=largest,
            showscale=False,
            hoverongaps=False,
            xgap=1,
            ygap=1,
            hovertemplate=f"{method}: task %{{x}} after task %{{y}}: %{{customdata:.2%}}<extra></extra>",
            row=row,
            col=1,
        )
    figure.update_xaxes(dtick=1, showline=False, ticks="", showgrid=False)
    figure.update_yaxes(dtick=1, autorange="reversed", showline=False, ticks="", showgrid=False)
    figure.update_xaxes(title_text="task", row=rows)
    figure.update_yaxes(title_text="tasks trained")
    return figure.update_layout(template=TEMPLATE, title=title, height=_MATRIX * rows + 130)


def _matrix(tasks: pd.DataFrame, scenario: str, method: str) -> pd.DataFrame:
    """Return the mean accuracies over the seeds, a row for each number of trained tasks and a column for each task."""
    shown = tasks[(tasks["scenario"] == scenario) & (tasks["method"] == method)]
    return shown.pivot_table(index="tasks_trained", columns="task", values="accuracy")
