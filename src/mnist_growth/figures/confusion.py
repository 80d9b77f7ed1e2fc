"""Which classes are predicted as which."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from mnist_growth.figures.theme import BLUE, PALE_BLUE, SEQUENTIAL, TEMPLATE

_MAX_TICKS = 6


def confusion_matrix(table: pd.DataFrame, class_names: Sequence[str] = ()) -> go.Figure:
    """Draw the counts of a confusion matrix, with a colour scale for the errors alone.

    With a common scale, the diagonal of a good network would hide its errors. The diagonal is therefore a separate
    trace in one pale colour, and the scale ranges from zero to the most frequent error.

    Args:
        table: Counts, one row for each true class and one column for each predicted class.
        class_names: Names of the classes; empty for digits.
    """
    counts = table.to_numpy()
    classes: list[int] | list[str] = list(class_names) if class_names else list(range(len(counts)))
    noun = "class" if class_names else "digit"
    diagonal = np.eye(len(counts), dtype=bool)
    errors = np.where(diagonal, 0, counts)
    most = max(1, int(errors.max()))
    figure = go.Figure(layout={"template": TEMPLATE})
    style = {"x": classes, "y": classes, "xgap": 1, "ygap": 1, "texttemplate": "%{text}"}
    figure.add_heatmap(
        name="correct",
        z=_where(diagonal, counts),
        text=_where(diagonal, counts, missing=""),
        colorscale=[[0, PALE_BLUE], [1, PALE_BLUE]],
        showscale=False,
        textfont={"color": BLUE},
        hovertemplate="%{y} predicted correctly: %{z:,}<extra></extra>",
        **style,
    )
    figure.add_heatmap(
        name="errors",
        z=_where(~diagonal, counts),
        text=_where(errors > 0, counts, missing=""),
        colorscale=SEQUENTIAL,
        zmin=0,
        zmax=most,
        colorbar={
            "title": {"text": "errors", "side": "right"},
            "tickformat": ",d",
            "tick0": 0,
            "dtick": -(-most // _MAX_TICKS),  # integers, even if there are few errors
            "thickness": 14,
        },
        hovertemplate="%{y} predicted as %{x}: %{z:,}<extra></extra>",
        **style,
    )
    figure.update_layout(title="Confusion matrix", height=640, width=680)
    figure.update_xaxes(title_text=f"predicted {noun}", dtick=1, showgrid=False, constrain="domain")
    figure.update_yaxes(
        title_text=f"true {noun}", dtick=1, showgrid=False, autorange="reversed", scaleanchor="x", constrain="domain"
    )
    if not errors.any():
        figure.add_annotation(
            text="No mistakes", x=0.5, y=1, xref="paper", yref="paper", yanchor="bottom", showarrow=False
        )
    return figure


def _where(mask: np.ndarray, counts: np.ndarray, missing: str | None = None) -> list[list[int | str | None]]:
    """The counts as nested lists, with ``missing`` in the cells outside the mask."""
    return [
        [int(count) if shown else missing for count, shown in zip(row, shown_row, strict=True)]
        for row, shown_row in zip(counts, mask, strict=True)
    ]
