"""Figures as PNG files, for documents that cannot embed HTML."""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import plotly.graph_objects as go

from mnist_growth.figures.theme import in_dark

_WIDTH = 900  # pixels, of figures without a width of their own
_SCALE = 2  # pixels of the file per pixel of the figure


def png_files(figures: Mapping[str, go.Figure], *, dark: bool = False) -> dict[str, bytes]:
    """Return the content of a PNG file for each figure, by name.

    Chromium draws the figures; it is started once and needs no internet connection.

    Args:
        figures: Any figures of this package, by their names.
        dark: Whether to use the colours of the dark theme.

    Raises:
        ValueError: The optional dependency kaleido, or Chromium, is not installed.
    """
    if not figures:
        return {}
    drawn = {name: in_dark(figure) if dark else figure for name, figure in figures.items()}
    # In a separate thread, because a notebook already runs an event loop in this one.
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(lambda: asyncio.run(_draw(drawn))).result()


async def _draw(figures: Mapping[str, go.Figure]) -> dict[str, bytes]:
    try:
        from kaleido import Kaleido
        from kaleido.errors import ChromeNotFoundError
    except ImportError as error:
        raise ValueError(
            "PNG files of figures need kaleido, which is not installed: run pip install 'mnist-growth[png]', or set "
            "report.png to null"
        ) from error
    try:
        async with Kaleido(mathjax=False) as browser:
            return {
                name: await browser.calc_fig(json.loads(figure.to_json()), opts=_options(figure))
                for name, figure in figures.items()
            }
    except ChromeNotFoundError as error:
        raise ValueError(
            "PNG files of figures need Chromium or Chrome, and none was found: install one (on Debian: apt-get install "
            "chromium), set the environment variable BROWSER_PATH to its path, or set report.png to null"
        ) from error


def _options(figure: go.Figure) -> dict[str, object]:
    layout = figure.layout
    return {"format": "png", "scale": _SCALE, "width": layout.width or _WIDTH, "height": layout.height}
