"""Networks of several widths from one training."""

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.intervals import error_bars
from mnist_growth.figures.theme import LEGEND_BELOW, TEMPLATE, TEST, VALIDATION


def family(table: pd.DataFrame) -> go.Figure:
    """Draw the accuracy of the members by width.

    Args:
        table: Columns ``width``, ``accuracy`` with its interval, ``validation_accuracy`` and ``parameters``.
    """
    figure = go.Figure(layout={"template": TEMPLATE})
    for column, name, color in (("accuracy", "test", TEST), ("validation_accuracy", "validation", VALIDATION)):
        figure.add_scatter(
            x=table["width"].tolist(),
            y=table[column].tolist(),
            error_y=error_bars(table, column) if f"{column}_low" in table else None,
            name=name,
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"size": 8},
            customdata=table["parameters"].tolist(),
            hovertemplate=f"{name}, width %{{x}}: %{{y:.2%}} (%{{customdata:,}} parameters)<extra></extra>",
        )
    figure.update_xaxes(title_text="width of the hidden layers", tickvals=table["width"].tolist())
    figure.update_yaxes(title_text="accuracy", tickformat=".2%")
    return figure.update_layout(
        title="Accuracy by width, with 95 % intervals", height=440, margin_b=LEGEND_BELOW, showlegend=True
    )
