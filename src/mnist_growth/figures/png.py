"""Figures as PNG files, for what cannot show an HTML page."""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import plotly.graph_objects as go

from mnist_growth.figures.theme import in_dark

_WIDTH = 900  # pixels, of figures that say none themselves
_SCALE = 2  # pixels of the file for one of the figure


def png_files(figures: Mapping[str, go.Figure], *, dark: bool = False) -> dict[str, bytes]:
    """Return the content of a PNG file for each figure, under its name.

    The figures are drawn by Chromium, which is started once, without a network.

    Args:
        figures: Any figures of this package, by their names.
        dark: Whether to draw them in the colours for dark paper.

    Raises:
        ValueError: The optional dependency kaleido, or Chromium, is not installed.
    """
    if not figures:
        return {}
    drawn = {name: in_dark(figure) if dark else figure for name, figure in figures.items()}
    # In a thread of its own, because a notebook already has a loop in this one.
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(lambda: asyncio.run(_draw(drawn))).result()


async def _draw(figures: Mapping[str, go.Figure]) -> dict[str, bytes]:
    try:
        from kaleido import Kaleido
        from kaleido.errors import ChromeNotFoundError
    except ImportError as error:
        raise ValueError(
            "PNG files of figures need kaleido, which is not installed: pip install 'mnist-growth[png]', or leave "
            "report.png at null"
        ) from error
    try:
        async with Kaleido(mathjax=False) as browser:
            return {
                name: await browser.calc_fig(json.loads(figure.to_json()), opts=_options(figure))
                for name, figure in figures.items()
            }
    except ChromeNotFoundError as error:
        raise ValueError(
            "PNG files of figures are drawn by Chromium or Chrome, and none was found: install one (on Debian: apt-get "
            "install chromium) or name it in the environment variable BROWSER_PATH, or leave report.png at null"
        ) from error


def _options(figure: go.Figure) -> dict[str, object]:
    layout = figure.layout
    return {"format": "png", "scale": _SCALE, "width": layout.width or _WIDTH, "height": layout.height}
