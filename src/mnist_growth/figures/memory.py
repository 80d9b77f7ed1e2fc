"""Memory of a training."""

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.history import label_epochs, mark_growth
from mnist_growth.figures.theme import BLUE, GREEN, GREY, LEGEND_BELOW, TEMPLATE, VERMILLION

_BYTES_PER_MEGABYTE = 1e6
_MAX_BUDGET = 1.15  # times the largest value: a line for a larger budget would compress the curves
_COLUMNS = (
    ("peak_rss_bytes", "peak of the process", VERMILLION, "dash"),
    ("rss_bytes", "process (RSS)", BLUE, "solid"),
    ("gpu_bytes", "GPU", GREEN, "dot"),
)


def memory(history: pd.DataFrame) -> go.Figure:
    """Draw the memory of the process, its peak, and the memory of the GPU if there is one, over the epochs.

    The budget is a line if it is close to the largest value, and a note otherwise.

    Args:
        history: One row per epoch with the columns ``epoch``, ``widths``, ``grew``, ``rss_bytes``, ``peak_rss_bytes``
            and optionally ``gpu_bytes`` and ``budget_bytes`` (all in bytes; drawn in megabytes of 10^6 bytes).
    """
    figure = go.Figure()
    drawn = [column for column in _COLUMNS if column[0] != "gpu_bytes" or history.get(column[0], pd.Series([0])).any()]
    for column, name, color, dash in drawn:
        figure.add_scatter(
            x=history["epoch"].tolist(),
            y=(history[column] / _BYTES_PER_MEGABYTE).tolist(),
            name=name,
            mode="lines+markers",
            line={"color": color, "width": 2, "dash": dash},
            marker={"size": 5},
            hovertemplate="epoch %{x}: %{y:,.0f} MB",
        )
    figure.update_layout(
        template=TEMPLATE, title="Memory used by the training", height=480, margin_b=LEGEND_BELOW, showlegend=True
    )
    figure.update_yaxes(title_text="memory (MB)", rangemode="tozero")
    label_epochs(figure, history)
    mark_growth(figure, history)
    if "budget_bytes" in history:
        largest = max(history[column].max() for column, *_ in drawn)
        _mark_budget(figure, float(history["budget_bytes"].iloc[-1]), float(largest))
    return figure


def _mark_budget(figure: go.Figure, budget: float, largest: float) -> None:
    """Draw the budget into a figure; ``budget`` and ``largest`` (the largest value) are in bytes."""
    megabytes = budget / _BYTES_PER_MEGABYTE
    text = f"budget: {megabytes:,.0f} MB"
    if budget <= _MAX_BUDGET * largest:
        line = {"color": GREY, "width": 2, "dash": "longdash"}
        figure.add_hline(y=megabytes, line=line, annotation={"text": text, "yanchor": "bottom", "font": {"size": 11}})
        return
    figure.add_annotation(
        text=f"{text},<br>{budget / largest:.1f} times the largest value",
        align="right",
        x=1,
        xref="paper",
        xanchor="right",
        y=0.02,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
    )
