"""The look that all figures share."""

import plotly.graph_objects as go

# Okabe and Ito's palette ("Color Universal Design", 2008): told apart with every common colour vision deficiency.
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
ORANGE = "#E69F00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
GREY = "#767676"

_GRID = "#E3E3E3"
_INK = "#222222"
_AXIS = {
    "automargin": True,
    "gridcolor": _GRID,
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
        "font": {"family": "Open Sans, Helvetica, Arial, sans-serif", "size": 13, "color": _INK},
        "hoverlabel": {"align": "left"},
        "hovermode": "closest",
        "margin": {"l": 70, "r": 30, "t": 110, "b": 60},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
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
"""Readable on white, for every figure of the project."""
