"""Which patches of a digit receive attention."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from mnist_growth.figures.class_names import short
from mnist_growth.figures.image_grid import empty_grid
from mnist_growth.figures.theme import INK, SEQUENTIAL, TEMPLATE

_COLUMNS = 5  # panels in a row
_PANEL = 170  # screen pixels
_ROLLOUT = "rollout"


def attention_maps(maps: pd.DataFrame, images: NDArray[np.uint8], class_names: Sequence[str]) -> go.Figure:
    """Draw the rollout of one digit of each class, and the map of each head for one digit, over the outlines.

    Args:
        maps: Rows with the columns ``index``, ``label``, ``block``, ``head``, ``row``, ``column`` and ``attention``, as
            the table ``attention_maps``; empty for a network without attention.
        images: Test digits, uint8 [N, 28, 28].
        class_names: Names of the classes.
    """
    if maps.empty:
        return empty_grid("This network has no attention")
    panels = []
    for _, table in maps.groupby(["block", "head", "index"], sort=False):
        first = table[["block", "head", "label", "index"]].iloc[0].to_dict()
        panels.append((_title(first, short(class_names[first["label"]])), first["index"], table))
    rows = -(-len(panels) // _COLUMNS)
    figure = make_subplots(
        rows=rows,
        cols=_COLUMNS,
        subplot_titles=[title for title, _, _ in panels],
        horizontal_spacing=0.02,
        vertical_spacing=0.32 / rows,
    )
    for place, (title, index, table) in enumerate(panels):
        row, column = place // _COLUMNS + 1, place % _COLUMNS + 1
        shares = table.pivot_table(index="row", columns="column", values="attention").to_numpy()
        side = images.shape[1] / len(shares)
        centres = ((np.arange(len(shares)) + 0.5) * side - 0.5).tolist()
        figure.add_heatmap(
            z=(shares * shares.size).round(2).tolist(),
            x=centres,
            y=centres,
            coloraxis="coloraxis" if title.startswith(_ROLLOUT) else "coloraxis2",
            hovertemplate=f"{title}: %{{z}} times the mean<extra></extra>",
            row=row,
            col=column,
        )
        figure.add_contour(
            z=images[index].astype(int).tolist(),
            contours={"start": 128, "end": 128, "size": 1, "coloring": "none"},
            line={"color": INK, "width": 1.5},
            showscale=False,
            showlegend=False,
            hoverinfo="skip",
            row=row,
            col=column,
        )
    last = images.shape[1] - 0.5
    figure.update_xaxes(visible=False, range=[-0.5, last], constrain="domain")
    figure.update_yaxes(visible=False, range=[last, -0.5], constrain="domain")
    for axis in range(1, len(panels) + 1):
        figure.update_layout({f"yaxis{axis if axis > 1 else ''}": {"scaleanchor": f"x{axis if axis > 1 else ''}"}})
    figure.update_annotations(font_size=11)
    bar = {"thickness": 14, "len": 0.48}
    figure.update_layout(
        template=TEMPLATE,
        title="Attention that each patch receives, relative to the mean of all patches",
        height=rows * _PANEL + 130,
        coloraxis={"colorscale": SEQUENTIAL, "colorbar": {"title": _ROLLOUT, **bar, "y": 0.77}},
        coloraxis2={"colorscale": SEQUENTIAL, "colorbar": {"title": "heads", **bar, "y": 0.24}},
        meta={"min_width": 760},
    )
    return figure


def _title(row: Mapping[Hashable, int], name: str) -> str:
    """Return the title of the map that a row belongs to."""
    return f"{_ROLLOUT}, {name}" if row["block"] == 0 else f"{name}: block {row['block']}, head {row['head']}"
