"""The trainings of a search for the best parameters."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mnist_growth.figures.log_ticks import log_ticks
from mnist_growth.figures.theme import BLUE, GREY, LEGEND_BELOW, TEMPLATE, VERMILLION

_ROW = 240  # pixels of the plot of one parameter
_LOGARITHMIC = 30  # ratio of the values from which on their axis is logarithmic
_LOSS = "validation loss (nats, log scale)"
_STATES = {
    "complete": ("finished", BLUE, "circle", 9),
    "pruned": ("stopped early", GREY, "x", 7),
}


def tuning_history(trials: pd.DataFrame) -> go.Figure:
    """Draw the validation loss of each training in the order of the trainings, and the smallest so far.

    Args:
        trials: Columns ``number``, ``state``, ``epochs``, ``is_feasible`` and ``validation_loss``; see
            ``studies.Tuning.table``.
    """
    figure = go.Figure(layout={"template": TEMPLATE})
    drawn = trials[trials["validation_loss"].notna()].sort_values("number")
    for state, (name, color, symbol, size) in _STATES.items():
        shown = drawn[drawn["state"] == state]
        figure.add_scatter(
            x=shown["number"].tolist(),
            y=shown["validation_loss"].tolist(),
            name=name,
            mode="markers",
            marker={"color": color, "symbol": symbol, "size": size},
            customdata=shown["epochs"].tolist(),
            hovertemplate=f"training %{{x}}: %{{y:.4f}} nats, {name} after epoch %{{customdata}}<extra></extra>",
        )
    finished = drawn[(drawn["state"] == "complete") & drawn["is_feasible"]]
    figure.add_scatter(
        x=finished["number"].tolist(),
        y=finished["validation_loss"].cummin().tolist(),
        name="smallest so far",
        mode="lines",
        line={"color": VERMILLION, "width": 2, "shape": "hv"},
        hoverinfo="skip",
    )
    figure.update_xaxes(title_text="training")
    if len(drawn):
        figure.update_yaxes(**log_ticks(drawn["validation_loss"], "{:.3g}".format))
    figure.update_yaxes(title_text=_LOSS)
    return figure.update_layout(title="Search", height=440, margin_b=LEGEND_BELOW, showlegend=True)


def tuning_values(trials: pd.DataFrame, names: Sequence[str]) -> go.Figure:
    """Draw the validation loss of the finished trainings by the value of each parameter, one plot below the other.

    Args:
        trials: As for ``tuning_history``, with a column for each parameter.
        names: Parameters.
    """
    rows = len(names)
    figure = make_subplots(rows=rows, cols=1, vertical_spacing=0.3 / rows if rows > 1 else 0)
    shown = trials[trials["state"] == "complete"]
    for row, name in enumerate(names, start=1):
        values = shown[name].tolist()
        is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        figure.add_scatter(
            x=values if is_number else [str(value) for value in values],
            y=shown["validation_loss"].tolist(),
            mode="markers",
            marker={"color": BLUE, "size": 8, "opacity": 0.8},
            customdata=shown["number"].tolist(),
            hovertemplate=f"training %{{customdata}}, {name} %{{x}}: %{{y:.4f}} nats<extra></extra>",
            showlegend=False,
            row=row,
            col=1,
        )
        ticks = log_ticks(values, "{:g}".format) if is_number and _spans_powers(values) else {}
        figure.update_xaxes(title_text=name, **ticks, row=row, col=1)
    if len(shown):
        figure.update_yaxes(**log_ticks(shown["validation_loss"], "{:.3g}".format))
    figure.update_yaxes(title_text="validation loss")
    return figure.update_layout(
        template=TEMPLATE, title="Validation loss of the finished trainings", height=_ROW * rows + 130
    )


def _spans_powers(values: Sequence[float]) -> bool:
    """Whether values are so different in size that only a logarithmic axis shows all of them."""
    return bool(values) and 0 < _LOGARITHMIC * min(values) <= max(values)
