"""Maps of signed values next to each other, in the diverging colours of the theme."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth.figures.theme import DIVERGING, INK, PAPER, TEMPLATE

_GAP = 3  # cells between two maps
_LEVELS = 100  # integers make a file a third as large as decimals
_CELL = 3.2  # screen pixels
_NAMES, _CAPTION = 18, 6  # cells, of the names of the columns and of a caption
_ABOVE, _SIDE = 100, 20  # screen pixels: the title of the figure and the other edges


def map_grid(
    maps: NDArray[np.floating],
    *,
    columns: Sequence[str] = (),
    captions: Sequence[Sequence[str]] = (),
    images: NDArray[np.uint8] | None = None,
    images_title: str = "digit",
) -> go.Figure:
    """Draw rows of maps, each scaled to its largest absolute value, in a row after the image that they belong to.

    Args:
        maps: Float of shape [R, C, H, W].
        columns: Names of the C columns, lines separated by ``<br>``; or none.
        captions: R rows of C short texts below the maps; or none.
        images: Grey values, uint8 [R, H, W], drawn before each row; or None.
        images_title: Name of their column.
    """
    rows, count, height, width = maps.shape
    largest = np.abs(maps).max(axis=(2, 3), keepdims=True)
    levels = np.round(_LEVELS * maps / np.where(largest > 0, largest, 1)).astype(int)
    below = _GAP + (_CAPTION if captions else 0)
    above = _NAMES if columns else 0
    first = 0 if images is None else 1
    shape = (rows * (height + below), (first + count) * (width + _GAP))
    figure = go.Figure(layout={"template": TEMPLATE})
    if images is not None:
        figure.add_heatmap(
            z=_tiled(images[:, np.newaxis].astype(int), below, shape, 0),
            colorscale=[[0, PAPER], [1, INK]],
            zmin=0,
            zmax=255,
            showscale=False,
            hoverinfo="skip",
        )
    figure.add_heatmap(
        z=_tiled(levels, below, shape, first),
        colorscale=DIVERGING,
        zmin=-_LEVELS,
        zmax=_LEVELS,
        showscale=False,
        hoverinfo="skip",
    )
    names = [*([images_title] if first else []), *columns] if columns else []
    for column, name in enumerate(names):
        figure.add_annotation(
            text=name,
            x=_centre(column, width),
            y=-1.5,
            yanchor="bottom",
            showarrow=False,
            font={"size": 12},
        )
    for row, texts in enumerate(captions):
        for column, text in enumerate(texts):
            figure.add_annotation(
                text=text,
                x=_centre(first + column, width),
                y=row * (height + below) + height - 0.5,
                yanchor="top",
                showarrow=False,
                font={"size": 11},
            )
    bottom = shape[0] - _GAP
    figure.update_layout(
        height=round((above + bottom) * _CELL) + _ABOVE + _SIDE,
        width=round(shape[1] * _CELL) + 2 * _SIDE,
        margin={"l": _SIDE, "r": _SIDE, "t": _ABOVE, "b": _SIDE},
        meta={"min_width": round(shape[1] * _CELL * 0.8)},
    )
    figure.update_xaxes(visible=False, range=[-0.5, shape[1] - _GAP - 0.5], constrain="domain")
    figure.update_yaxes(visible=False, range=[bottom - 0.5, -above - 0.5], constrain="domain", scaleanchor="x")
    return figure


def _centre(column: int, width: int) -> float:
    return column * (width + _GAP) + (width - 1) / 2


def _tiled(tiles: NDArray[np.integer], below: int, shape: tuple[int, int], first: int) -> list[list[int | None]]:
    """Return tiles [R, C, H, W] in one table with empty cells between them, from column ``first`` of the grid on."""
    canvas = np.full(shape, None, dtype=object)
    rows, count, height, width = tiles.shape
    for row in range(rows):
        for column in range(count):
            top, left = row * (height + below), (first + column) * (width + _GAP)
            canvas[top : top + height, left : left + width] = tiles[row, column]
    return [list(line) for line in canvas]
