"""The theme of all figures, light and dark."""

import plotly.graph_objects as go

# Okabe and Ito's palette ("Color Universal Design", 2008): distinguishable with all common colour vision deficiencies.
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
ORANGE = "#E69F00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
GREY = "#767676"
"""Background elements: marks of growths, separators."""

NEUTRAL = "#7A7A7A"
NEUTRAL_GRID = "rgba(128, 128, 128, 0.3)"
"""Text, axes and grid lines that are readable on Kedro-Viz's light and dark backgrounds."""

INK = "#222222"
PAPER = "#FFFFFF"
GRID = "#E3E3E3"
PALE_BLUE = "#CFE3F1"
"""Background of text in BLUE."""

NONE, SOME, MOST = "#FFF5EB", "#F79646", "#A63603"
SEQUENTIAL = [[0.0, NONE], [0.5, SOME], [1.0, MOST]]
"""Colour scale of amounts, from zero to the largest."""

NEGATIVE, ZERO, POSITIVE = "#2166AC", "#F7F7F7", "#B2182B"
DIVERGING = [[0.0, NEGATIVE], [0.5, ZERO], [1.0, POSITIVE]]
"""Colour scale of signed values: ColorBrewer's RdBu, safe for colour vision deficiencies."""

SERIES_COLORS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
SERIES_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
"""Colours and symbols of series, such as layers, in their order."""

TRAINING, VALIDATION, TEST = BLUE, VERMILLION, GREEN
"""Colours of the parts of the data, in all figures."""

IN_DARK = {
    BLUE: "#3D8FDB",
    VERMILLION: "#E4662A",
    GREEN: "#2CC79B",
    ORANGE: "#F2BC45",
    PURPLE: "#D98CBB",
    SKY: "#A6DBFA",
    GREY: "#8E969E",
    INK: "#E8E8E8",
    PAPER: "#15181C",
    GRID: "#31363C",
    PALE_BLUE: "#1B3247",
    NONE: "#241E19",
    SOME: "#B65A1C",
    MOST: "#FFBE8A",
    NEGATIVE: "#6FB1E4",
    ZERO: "#23272C",
    POSITIVE: "#F0787D",
}
"""The dark counterpart of every colour; figures use no other colours."""

LEGEND_BELOW = 96
"""Bottom margin, in pixels, of a figure that has a legend."""

_AXIS = {
    "automargin": True,
    "gridcolor": GRID,
    "linecolor": GREY,
    "showline": True,
    "ticks": "outside",
    "tickcolor": GREY,
    "title": {"standoff": 8},
    "zeroline": False,
}

TEMPLATE = go.layout.Template(
    layout={
        "colorway": [BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY],
        "font": {"family": "Open Sans, Helvetica, Arial, sans-serif", "size": 13, "color": INK},
        "hoverlabel": {"align": "left"},
        "hovermode": "closest",
        # Below the axes: next to them, a legend takes half of a narrow screen.
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom"},
        "margin": {"l": 70, "r": 30, "t": 110, "b": 60},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "title": {
            "font": {"size": 19},
            "subtitle": {"font": {"size": 13, "color": GREY}},
            "x": 0,
            "xref": "paper",
            "y": 1,
            "pad": {"t": 16},
            "yref": "container",
            "yanchor": "top",
        },
        "xaxis": _AXIS,
        "yaxis": _AXIS,
    }
)
"""Template of all figures, for a light background."""


def in_dark(figure: go.Figure) -> go.Figure:
    """Return a copy of a figure in the colours of the dark theme."""
    return go.Figure(_recoloured(figure.to_plotly_json()))


def _recoloured(value: object) -> object:
    """The value with every colour of the theme replaced, at any depth."""
    if isinstance(value, str):
        return IN_DARK.get(value.upper(), value) if value.startswith("#") else value
    if isinstance(value, dict):
        return {name: _recoloured(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_recoloured(part) for part in value]
    return value
