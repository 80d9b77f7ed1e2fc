"""Activity, weights and contribution of the units that each growth added."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.births import birth_name
from mnist_growth.figures.group_names import group_names
from mnist_growth.figures.theme import (
    LEGEND_BELOW,
    SERIES_COLORS,
    SERIES_SYMBOLS,
    TEMPLATE,
)

_PANELS = (
    ("variance", "variance of a unit's<br>activations (median)"),
    ("dead_share", "dead units"),
    ("fan_in_norm", "norm of incoming<br>weights (median)"),
    ("fan_out_norm", "norm of outgoing<br>weights (median)"),
    ("loss_increase_per_unit", "loss increase without them,<br>per unit (nats, log scale)"),
)


def units(cohorts: pd.DataFrame) -> go.Figure:
    """Draw activity, weights and contribution of the units of each hidden layer against their first epoch.

    Units without which the loss does not increase have no point in the lowest panel.

    Args:
        cohorts: Table of ``evaluation.unit_cohorts``; its quartiles are drawn as error bars of the medians.
    """
    figure = make_subplots(rows=len(_PANELS), cols=1, shared_xaxes=True, vertical_spacing=0.03)
    births = sorted(int(epoch) for epoch in cohorts["born_epoch"].unique())
    drawn = cohorts.assign(dead_share=cohorts["dead_units"] / cohorts["units"])
    worth = drawn["loss_increase_per_unit"]
    drawn["loss_increase_per_unit"] = worth.where(worth > 0)  # a log scale cannot show others
    for layer, name in group_names(cohorts).items():
        rows = drawn[drawn["layer"] == layer]
        for panel, (column, title) in enumerate(_PANELS, start=1):
            figure.add_scatter(
                x=[birth_name(int(epoch)) for epoch in rows["born_epoch"]],
                y=[None if pd.isna(value) else value for value in rows[column].tolist()],
                error_y=_bars(rows, column),
                name=name,
                legendgroup=str(layer),
                showlegend=panel == 1,
                mode="lines+markers",
                line={"color": SERIES_COLORS[(layer - 1) % len(SERIES_COLORS)], "width": 2},
                marker={"symbol": SERIES_SYMBOLS[(layer - 1) % len(SERIES_SYMBOLS)], "size": 7},
                customdata=rows[["units", "dead_units", "age_epochs"]].to_numpy().tolist(),
                hovertemplate=(
                    f"{name}, %{{customdata[0]}} units, first epoch: %{{x}}, trained for "
                    f"%{{customdata[2]}} epochs, %{{customdata[1]}} dead<br>{title.replace('<br>', ' ')}: "
                    "%{y:.3~g}<extra></extra>"
                ),
                row=panel,
                col=1,
            )
    for panel, (_, title) in enumerate(_PANELS, start=1):
        figure.update_yaxes(title={"text": title, "font": {"size": 12}}, rangemode="tozero", row=panel, col=1)
    # One tick per power of ten; for few powers, fewer ticks with complete labels than plotly's default.
    decades = {int(np.floor(np.log10(value))) for value in worth[worth > 0]}
    ticks = {"dtick": 1, "exponentformat": "power"} if len(decades) > 2 else {"nticks": 4, "tickformat": ".0e"}
    figure.update_yaxes(type="log", rangemode="normal", **ticks, row=len(_PANELS), col=1)
    figure.update_yaxes(tickformat=".0%", range=[0, max(0.1, 1.1 * float(drawn["dead_share"].max()))], row=2, col=1)
    order = [birth_name(epoch) for epoch in births]
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=order)
    figure.update_xaxes(title_text="first epoch with these units", row=len(_PANELS), col=1)
    if (worth <= 0).any():
        figure.add_annotation(
            text="no point where the loss does not increase",
            x=1,
            xref="paper",
            xanchor="right",
            y=1,
            yref=f"y{len(_PANELS)} domain",
            yanchor="bottom",
            showarrow=False,
            font={"size": 11},
        )
    figure.update_layout(
        template=TEMPLATE,
        title="Units added by each growth",
        height=1080,
        margin_b=LEGEND_BELOW,
        showlegend=True,
    )
    return figure


def _bars(rows: pd.DataFrame, column: str) -> dict[str, object] | None:
    """Distances of the quartiles from the median, if the table has them."""
    if f"{column}_lower" not in rows:
        return None
    above, below = rows[f"{column}_upper"] - rows[column], rows[column] - rows[f"{column}_lower"]
    return {
        "type": "data",
        "symmetric": False,
        "array": above.tolist(),
        "arrayminus": below.tolist(),
        "thickness": 1,
        "width": 3,
    }
