"""How accuracy, time and memory of a training depend on its parameters."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.loss_surface import nothing_to_draw
from mnist_growth.figures.theme import (
    BLUE,
    LEGEND_BELOW,
    SEQUENTIAL,
    TEMPLATE,
    TEST,
    VALIDATION,
    VERMILLION,
)

_ROW = 260  # pixels of the plot of one parameter
_LOGARITHMIC = 8  # ratio of the values from which on their axis is logarithmic
_MEGABYTE = 1e6

_MEASURES = {
    "accuracy": (
        "Accuracy by parameter, with 95 % intervals",
        {"validation_accuracy": ("validation", VALIDATION), "test_accuracy": ("test", TEST)},
        "accuracy",
        1.0,
        ".2%",
    ),
    "seconds": (
        "Time of a training by parameter, with 95 % intervals",
        {"seconds": ("time", BLUE)},
        "seconds",
        1.0,
        ".3~s",
    ),
    "memory": (
        "Memory of a training by parameter, with 95 % intervals",
        {"peak_rss_bytes": ("peak memory", VERMILLION)},
        "megabytes",
        _MEGABYTE,
        ",.0f",
    ),
}
"""Title, columns with their names and colours, title of the axis, unit, and format of the numbers."""


def sweep_response(means: pd.DataFrame, measure: str) -> go.Figure:
    """Draw the means of a measure by the values of each parameter, one plot below the other.

    Args:
        means: Columns ``parameter``, ``value`` and ``trainings``, and the measures with their intervals; see
            ``studies.mean_responses``.
        measure: "accuracy" (of validation and test digits), "seconds" or "memory".
    """
    title, columns, y_title, unit, number = _MEASURES[measure]
    parameters = list(dict.fromkeys(means["parameter"]))
    rows = len(parameters)
    figure = make_subplots(rows=rows, cols=1, vertical_spacing=0.3 / rows if rows > 1 else 0)
    for row, parameter in enumerate(parameters, start=1):
        shown = means[(means["parameter"] == parameter) & (means["trainings"] > 0)]
        for column, (name, color) in columns.items():
            bounds = [f"{column}_low", f"{column}_high"]
            scaled = shown.assign(**{each: shown[each] / unit for each in (column, *bounds)})
            figure.add_scatter(
                x=shown["value"].tolist(),
                y=scaled[column].tolist(),
                error_y=error_bars(scaled, column),
                name=name,
                legendgroup=name,
                showlegend=len(columns) > 1 and row == 1,
                mode="lines+markers",
                line={"color": color, "width": 2},
                marker={"size": 8},
                customdata=shown["trainings"].tolist(),
                hovertemplate=f"{name} at %{{x:g}}: %{{y:{number}}} (mean of %{{customdata}})<extra></extra>",
                row=row,
                col=1,
            )
        values = shown["value"].tolist()
        is_log = bool(values) and max(values) >= _LOGARITHMIC * min(values) > 0
        figure.update_xaxes(
            title_text=parameter,
            type="log" if is_log else "linear",
            tickvals=values,
            ticktext=[f"{value:g}" for value in values],
            row=row,
            col=1,
        )
    figure.update_yaxes(title_text=y_title, tickformat=number)
    return figure.update_layout(
        template=TEMPLATE,
        title=title,
        height=_ROW * rows + 130,
        margin_b=LEGEND_BELOW if len(columns) > 1 else 60,
    )


def sweep_pairs(pairs: pd.DataFrame) -> go.Figure:
    """Draw the mean validation accuracy of the combinations of two parameters, one heat map for each pair.

    Args:
        pairs: Columns ``first``, ``second``, ``first_value``, ``second_value``, ``trainings`` and
            ``validation_accuracy``; see ``studies.pair_means``.
    """
    names = list(dict.fromkeys(zip(pairs["first"], pairs["second"], strict=True)))
    title = "Validation accuracy of pairs of values (%)"
    if not names:
        return nothing_to_draw(title, "No pair of parameters was trained in all combinations.")
    rows = len(names)
    figure = make_subplots(rows=rows, cols=1, vertical_spacing=0.3 / rows if rows > 1 else 0)
    errors = 1 - pairs["validation_accuracy"]
    for row, (first, second) in enumerate(names, start=1):
        shown = pairs[(pairs["first"] == first) & (pairs["second"] == second)]
        accuracy = shown.pivot_table(
            index="second_value", columns="first_value", values="validation_accuracy", dropna=False
        )
        figure.add_heatmap(
            z=(1 - accuracy).to_numpy().tolist(),
            x=[f"{value:g}" for value in accuracy.columns],
            y=[f"{value:g}" for value in accuracy.index],
            customdata=accuracy.to_numpy().tolist(),
            text=[["" if value != value else f"{100 * value:.2f}" for value in line] for line in accuracy.to_numpy()],
            texttemplate="%{text}",
            textfont={"size": 12},
            colorscale=SEQUENTIAL,
            zmin=float(errors.min()),
            zmax=float(errors.quantile(0.9)),
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate=f"{first} %{{x}}, {second} %{{y}}: %{{customdata:.2%}} correct<extra></extra>",
            row=row,
            col=1,
        )
        figure.update_xaxes(title_text=first, type="category", showline=False, ticks="", row=row, col=1)
        figure.update_yaxes(title_text=second, type="category", showline=False, ticks="", row=row, col=1)
    return figure.update_layout(template=TEMPLATE, title=title, height=_ROW * rows + 130)
