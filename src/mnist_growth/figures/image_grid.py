"""Many small images in one figure: a single picture with captions, not a subplot for each image."""

import base64
import io
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from mnist_growth.figures.theme import TEMPLATE

_GAP = 6  # pixels of the picture between two images
_SCREEN_PIXELS = 2.6  # screen pixels per pixel of the picture
_LINE = 6  # height of a caption line, in pixels of the picture
_TOP, _BOTTOM, _SIDE = 100, 20, 20  # screen pixels


def image_grid(
    images: NDArray[np.uint8],
    columns: int,
    *,
    captions: Sequence[str] = (),
    colors: Sequence[str] = (),
    hover: Sequence[str] = (),
    keep_rows: bool = False,
) -> go.Figure:
    """Draw images side by side, dark ink on white, each with a caption of one or two lines below it.

    The picture is transparent between the images, so that captions have the background of the theme. ``meta.grid`` of
    the layout describes the grid, so that a page can use fewer columns on a narrow screen.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W], N >= 1; bright strokes on black, as in MNIST.
        columns: Number of images in a row.
        captions: N short texts, lines separated by ``<br>``; or none.
        colors: N colours of the captions.
        hover: N texts that appear when the pointer is on a caption.
        keep_rows: Whether a narrow page has to start a new line for each row.
    """
    lines = max((caption.count("<br>") + 1 for caption in captions), default=0)
    below = _GAP + lines * _LINE
    picture, left, bottom = _tile(images, columns, below)
    height, width = picture.shape[:2]
    figure = go.Figure(go.Image(source=_png(picture), hoverinfo="skip"))
    if captions:
        figure.add_scatter(
            x=(left + images.shape[2] / 2 - 0.5).tolist(),
            y=(bottom + _LINE * lines / 2 + 0.5).tolist(),
            text=list(captions),
            textfont={"color": list(colors), "size": 13},
            hovertext=list(hover),
            hoverinfo="text",
            mode="text",
            showlegend=False,
        )
    figure.update_layout(
        template=TEMPLATE,
        width=round(width * _SCREEN_PIXELS) + 2 * _SIDE,
        height=round(height * _SCREEN_PIXELS) + _TOP + _BOTTOM,
        margin={"l": _SIDE, "r": _SIDE, "t": _TOP, "b": _BOTTOM},
        meta={
            "grid": {
                "images": len(images),
                "columns": columns,
                "pitch": [images.shape[2] + _GAP, images.shape[1] + below],  # pixels of the picture, x and y
                "gap": _GAP,
                "keep_rows": keep_rows,
            }
        },
    )
    figure.update_xaxes(visible=False, range=[-0.5, width - 0.5], constrain="domain")
    figure.update_yaxes(visible=False, range=[height - 0.5, -0.5], constrain="domain", scaleanchor="x")
    return figure


def empty_grid(message: str) -> go.Figure:
    """Draw a figure with a message instead of images."""
    figure = go.Figure(layout={"template": TEMPLATE, "height": 240, "width": 760})
    figure.add_annotation(text=message, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"size": 16})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def _tile(
    images: NDArray[np.uint8], columns: int, below: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """One picture [H, W, 2] of all images (grey and opacity), and the left and bottom edge of each image.

    ``below`` transparent pixels follow each image.
    """
    count, image_height, image_width = images.shape
    rows, column = np.divmod(np.arange(count), columns)
    left, top = column * (image_width + _GAP) + _GAP, rows * (image_height + below)
    shape = ((int(rows[-1]) + 1) * (image_height + below), columns * (image_width + _GAP) + _GAP)
    picture = np.zeros((*shape, 2), dtype=np.uint8)
    picture[..., 0] = 255
    for image, x, y in zip(images, left, top, strict=True):
        picture[y : y + image_height, x : x + image_width, 0] = 255 - image
        picture[y : y + image_height, x : x + image_width, 1] = 255
    return picture, left, top + image_height


def _png(picture: NDArray[np.uint8]) -> str:
    """A picture of grey and opacity as a data URI, a tenth of its size as numbers in JSON."""
    buffer = io.BytesIO()
    Image.fromarray(picture, mode="LA").save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
