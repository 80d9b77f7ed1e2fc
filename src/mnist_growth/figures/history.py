"""Parts of all figures of a training history: the axis of epochs and the marks of growths."""

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.theme import GREY

_MAX_LABELS = 8  # more would overlap on a figure of 700 pixels
_FEW_EPOCHS = 20  # up to this number, each epoch has a tick

GROWTH_LABEL = "growth"
"""Name of the annotations with the new width of a network."""


def layer_widths(widths: str) -> list[int]:
    """Return the widths of the hidden layers from their text in a history, such as "192-128"."""
    return [int(width) for width in widths.split("-")]


def short_widths(widths: str) -> str:
    """Return "192" for "192-192-192", and unequal widths as they are."""
    distinct = set(widths.split("-"))
    return distinct.pop() if len(distinct) == 1 else widths


def label_epochs(figure: go.Figure, history: pd.DataFrame) -> None:
    """Give the lowest horizontal axis of a figure its title and integer ticks."""
    first, last = history["epoch"].min(), history["epoch"].max()
    figure.update_xaxes(
        dtick=1 if last - first < _FEW_EPOCHS else None, tickformat="d", range=[float(first - 0.5), float(last + 0.5)]
    )
    rows = len(list(figure.select_yaxes()))
    axis = "xaxis" if rows == 1 else f"xaxis{rows}"
    figure.layout[axis].title.text = "epoch"


def mark_growth(figure: go.Figure, history: pd.DataFrame, positions: pd.Series | None = None) -> None:
    """Draw a vertical line at each growth, labelled with the new widths.

    A network grows at the start of an epoch, and the values of an epoch are drawn at its number. The line of a growth
    in epoch e is therefore at e - 0.5, between the last values of the old widths and the first values of the new ones.
    If there are many growths, only some of the lines have a label, evenly spaced up to the last. Labels have the name
    ``GROWTH_LABEL``, so that a narrow page can hide some of them.

    Args:
        figure: Changed in place; its horizontal axes count epochs, or what ``positions`` counts.
        history: With the columns ``epoch``, ``widths`` and ``grew``.
        positions: Start of each epoch on the horizontal axis; by default its number minus 0.5.
    """
    starts = history["epoch"] - 0.5 if positions is None else positions
    growths = history.assign(start=starts)[history["grew"]]
    labelled_every = -(-len(growths) // _MAX_LABELS)
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
                hovertext=f"grows to {widths} at the start of epoch {epoch}",
            )
    if len(growths):
        figure.add_annotation(
            text="dotted lines: growth to this width",
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
