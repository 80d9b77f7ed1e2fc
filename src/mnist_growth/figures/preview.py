"""Figures as Kedro-Viz shows them: small, in a light and a dark theme of its own."""

import copy
import re
from collections.abc import Mapping
from typing import Any

from mnist_growth.figures.theme import NEUTRAL, NEUTRAL_GRID

_FONT_SIZE = 8  # pixels
_TICKS = 4  # at most, on each axis
_TITLE_SHARE = 0.22  # of the height of a panel, for the title above it
_FIRST = ("xaxis", "yaxis")  # Kedro-Viz has its own colours, fonts and ticks for these, and shows all their numbers
_OWN = ("title", "template", "width", "height", "margin", "showlegend")  # Kedro-Viz has its own
_COLOURS = {
    "automargin": True,
    "color": NEUTRAL,
    "gridcolor": NEUTRAL_GRID,
    "linecolor": NEUTRAL,
    "tickcolor": NEUTRAL,
    "tickfont": {"color": NEUTRAL, "size": _FONT_SIZE},
    "zeroline": False,
}
_AXIS = re.compile(r"[xy]axis\d*")


def preview(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Return a figure that is readable in Kedro-Viz.

    Kedro-Viz draws a figure of 400 x 300 pixels in the colours of its theme, but changes only the first pair of axes,
    and puts the title over the plot. The node has the same name as the figure, so the title is left out. All axes get
    colours that suit both themes, few small numbers, and their titles above the panel where several panels are stacked.

    Args:
        figure: Data and layout of a figure, as in its JSON file; not changed.
    """
    layout = {name: copy.deepcopy(value) for name, value in figure["layout"].items() if name not in _OWN}
    axes = {name: layout[name] for name in layout if _AXIS.fullmatch(name)}
    stacked = len({tuple(axis.get("domain", ())) for name, axis in axes.items() if name.startswith("y")}) > 1
    notes = [note for note in layout.get("annotations", ()) if note.get("y") != 1 or note.get("yref") == "y"]
    for note in notes:
        note["font"] = {"color": NEUTRAL, **note.get("font", {}), "size": _FONT_SIZE}
    for name, axis in axes.items():
        title = axis.pop("title", {}).get("text")
        if title and stacked and name.startswith("y"):
            low, high = axis.get("domain", (0, 1))
            axis["domain"] = [low, high - _TITLE_SHARE * (high - low)]
            notes.append(_above(title, axis, axes))
        elif title:
            axis["title"] = {"text": title, "font": {"color": NEUTRAL, "size": _FONT_SIZE}, "standoff": 4}
        if name not in _FIRST and "tickvals" not in axis:
            if axis.get("type") != "log":  # whose numbers are already sparse
                axis.pop("dtick", None)
            axis["nticks"] = _TICKS
        if name in _FIRST and axis.get("showticklabels") is False:
            axis |= {"tickmode": "array", "tickvals": []}
        axis |= _COLOURS
    layout["annotations"] = notes
    return {"data": [_trace(trace) for trace in figure["data"]], "layout": layout}


def _above(title: str, axis: Mapping[str, Any], axes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The title of a vertical axis as a line above its panel."""
    across = axes.get(axis.get("anchor", "x").replace("x", "xaxis"), {})
    left, top = across.get("domain", [0, 1])[0], axis.get("domain", [0, 1])[1]
    font = {"color": NEUTRAL, "size": _FONT_SIZE}
    place = {"x": left, "xref": "paper", "xanchor": "left", "y": top, "yref": "paper", "yanchor": "bottom"}
    return {"text": title.replace("<br>", " "), "font": font, "showarrow": False, **place}


def _trace(trace: Mapping[str, Any]) -> dict[str, Any]:
    """A trace with a colour bar and texts of the small size."""
    changed: dict[str, Any] = dict(trace)
    if "colorbar" in trace:
        font = {"color": NEUTRAL, "size": _FONT_SIZE}
        title = trace["colorbar"].get("title", {}).get("text", "")
        changed["colorbar"] = {**trace["colorbar"], "tickfont": font, "title": {"text": title, "font": font}}
    if "textfont" in trace and trace["type"] == "scatter":
        changed["textfont"] = {**trace["textfont"], "size": _FONT_SIZE}
    return changed
