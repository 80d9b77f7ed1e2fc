"""What all figures of a training history share: an axis of epochs, and marks where the network grew."""

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.theme import GREY

_MOST_LABELS = 8  # more would overlap on a figure 700 pixels wide
_FEW_EPOCHS = 20  # each has its own tick up to here

GROWTH_LABEL = "growth"
"""Name of the annotations that say to which width a network grows."""


def layer_widths(widths: str) -> list[int]:
    """Return the widths of the hidden layers that a history writes as "192-128"."""
    return [int(width) for width in widths.split("-")]


def short_widths(widths: str) -> str:
    """Return "192" for "192-192-192", and unequal widths as they are."""
    distinct = set(widths.split("-"))
    return distinct.pop() if len(distinct) == 1 else widths


def label_epochs(figure: go.Figure, history: pd.DataFrame) -> None:
    """Give the lowest horizontal axis of a figure its title and whole numbers as ticks."""
    first, last = history["epoch"].min(), history["epoch"].max()
    figure.update_xaxes(
        dtick=1 if last - first < _FEW_EPOCHS else None, tickformat="d", range=[float(first - 0.5), float(last + 0.5)]
    )
    rows = len(list(figure.select_yaxes()))
    axis = "xaxis" if rows == 1 else f"xaxis{rows}"
    figure.layout[axis].title.text = "epoch"


def mark_growth(figure: go.Figure, history: pd.DataFrame, positions: pd.Series | None = None) -> None:
    """Draw a vertical line where the network grew, with its new widths on top.

    A network grows at the start of an epoch, and the values of an epoch are drawn at its number: the line of a growth
    in epoch e is at e - 0.5, between the last values of the old widths and the first of the new. Where there are many
    growths, all have a line but only some, evenly spaced up to the last, have a label. Labels carry the name
    ``GROWTH_LABEL``, so that a narrow page can leave some of them out.

    Args:
        figure: Changed in place; its horizontal axes count epochs, or what ``positions`` counts.
        history: With the columns ``epoch``, ``widths`` and ``grew``.
        positions: Where on the horizontal axis each epoch of the history begins; by default 0.5 before its number.
    """
    starts = history["epoch"] - 0.5 if positions is None else positions
    growths = history.assign(start=starts)[history["grew"]]
    labelled_every = -(-len(growths) // _MOST_LABELS)
    for position, (epoch, widths, start) in enumerate(
        zip(growths["epoch"], growths["widths"], growths["start"], strict=True), start=1
    ):
        x = float(start)
        line = {"color": GREY, "width": 1, "dash": "dot"}
        figure.add_shape(type="line", x0=x, x1=x, y0=0, y1=1, yref="paper", line=line, layer="below")
        if (len(growths) - position) % labelled_every == 0:
            figure.add_annotation(
                name=GROWTH_LABEL,
                text=short_widths(widths),
                x=x,
                y=1,
                yref="paper",
                yanchor="bottom",
                showarrow=False,
                font={"size": 11},
                hovertext=f"grown to {widths} at the start of epoch {epoch}",
            )
    if len(growths):
        figure.add_annotation(
            text="dotted: the network grows to this width",
            x=1,
            xref="paper",
            xanchor="right",
            y=1,
            yref="paper",
            yshift=18,
            yanchor="bottom",
            showarrow=False,
            font={"size": 11},
        )
