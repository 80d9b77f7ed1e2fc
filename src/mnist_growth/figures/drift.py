"""Difference between current images and those of the training set."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.theme import BLUE, GREEN, GREY, LEGEND_BELOW, ORANGE, PURPLE, SKY, TEMPLATE, VERMILLION

TITLES = {
    "pixel_mean": "mean grey value before preprocessing, 0 to 1",
    "ink": "ink, 0 to 1",
    "slant": "slant, degrees",
    "thickness": "stroke thickness, pixels",
    "digit": "predicted digit",
    "confidence": "confidence",
}
"""Title of each feature."""

_COLOURS = (BLUE, SKY, GREEN, ORANGE, PURPLE, VERMILLION)
_FEW_WINDOWS = 20  # each has its own tick up to here


def drift_distributions(table: pd.DataFrame) -> go.Figure:
    """Draw the share of images in each bin of each feature, for training and current images.

    Args:
        table: Columns ``feature``, ``bin``, ``training`` and ``current`` (fractions of 1), one row per bin.
    """
    features = list(dict.fromkeys(table["feature"]))
    figure = make_subplots(
        rows=-(-len(features) // 2),
        cols=2,
        subplot_titles=[TITLES.get(name, name) for name in features],
        vertical_spacing=0.17,
        horizontal_spacing=0.1,
    )
    for position, name in enumerate(features):
        rows = table[table["feature"] == name]
        for column, colour in (("training", GREY), ("current", BLUE)):
            figure.add_bar(
                x=rows["bin"].tolist(),
                y=rows[column].tolist(),
                name=column,
                legendgroup=column,
                showlegend=position == 0,
                marker={"color": colour},
                hovertemplate=f"%{{x}}: %{{y:.1%}} of the {column} images<extra></extra>",
                row=position // 2 + 1,
                col=position % 2 + 1,
            )
    figure.update_layout(
        template=TEMPLATE,
        title="Current images and training images",
        height=1000,
        margin={"b": LEGEND_BELOW},
        meta={"min_width": 760},  # pixels: the labels of the bins would touch on a narrower figure
    )
    figure.update_xaxes(type="category", tickangle=-40, tickfont={"size": 10}, showgrid=False)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure


def drift_windows(report: pd.DataFrame) -> go.Figure:
    """Draw for each window and feature the measure that is largest in relation to its limit, as a multiple of it.

    Args:
        report: Columns ``window``, ``first_image``, ``last_image``, ``feature``, ``kl``, ``psi``, ``ks``, ``measure``,
            ``times_limit`` and ``alarm``.
    """
    figure = go.Figure(layout={"template": TEMPLATE})
    for position, name in enumerate(dict.fromkeys(report["feature"])):
        rows = report[report["feature"] == name]
        values = [row[row["measure"]] for _, row in rows.iterrows()]
        figure.add_scatter(
            x=rows["window"].tolist(),
            y=rows["times_limit"].tolist(),
            name=name,
            mode="lines+markers",
            line={"color": _COLOURS[position % len(_COLOURS)], "width": 2},
            marker={"size": 9, "symbol": ["x" if alarm else "circle" for alarm in rows["alarm"]]},
            customdata=[
                [first, last, measure.upper(), value]
                for first, last, measure, value in zip(
                    rows["first_image"], rows["last_image"], rows["measure"], values, strict=True
                )
            ],
            hovertemplate="images %{customdata[0]:,} to %{customdata[1]:,}: %{customdata[2]} %{customdata[3]:.3f}, "
            "%{y:.2f} times its limit",
        )
    figure.add_hline(y=1, line={"color": GREY, "width": 1, "dash": "dash"}, layer="below")
    figure.update_layout(
        title="Drift from the training set (crosses: alarms)", height=520, margin={"b": LEGEND_BELOW + 60}
    )
    windows = report["window"].nunique()
    figure.update_xaxes(title_text="window of images", dtick=1 if windows < _FEW_WINDOWS else None, tickformat="d")
    figure.update_yaxes(title_text="largest multiple of a limit", rangemode="tozero")
    if report.empty:
        figure.add_annotation(text="No images", x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return figure
