"""An HTML page with tables and figures that needs no internet connection."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import plotly.offline

from mnist_growth.figures import IN_DARK, TEMPLATE
from mnist_growth.report.content import Section

if TYPE_CHECKING:
    from jinja2 import Environment

_MARGIN_WITH_LABELS = 48  # pixels above the axes, for the labels of growths
_MARGIN = 16  # pixels above the axes of other figures


def page(title: str, sections: Sequence[Section], *, lead: Sequence[str] = (), warning: str = "") -> str:
    """Return an HTML page with a light and a dark theme that fits narrow screens.

    The page embeds plotly.js once (4.8 MB). Figures are stored as data; the script of the page draws them in the
    colours of the theme.

    Args:
        title: Heading of the page, plain text.
        sections: Sections in the order of the page.
        lead: Plain texts below the heading.
        warning: Highlighted text at the top of the page, plain text.
    """
    figures = {name: figure for section in sections for name, figure in section.figures.items()}
    data = {
        "template": TEMPLATE.to_plotly_json(),
        "dark": IN_DARK,
        "figures": {name: _drawing(figure) for name, figure in figures.items()},
    }
    folder = files("mnist_growth.report") / "templates"
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            title=title,
            lead=lead,
            warning=warning,
            sections=sections,
            captions={name: _caption(figure) for name, figure in figures.items()},
            wide={name for section in sections for name in _wide(section.figures)},
            # A script ends at the first "</script>", even within a string; "\\u003c" is the same character.
            data=json.dumps(data, cls=_encoder(), separators=(",", ":")).replace("<", "\\u003c"),
            style=(folder / "page.css").read_text("utf-8"),
            script=(folder / "page.js").read_text("utf-8"),
            plotly=plotly.offline.get_plotlyjs() if figures else "",
        )
    )


def _wide(figures: Mapping[str, go.Figure]) -> set[str]:
    """Names of the figures that have a row for themselves; the others are next to each other, in pairs.

    A figure without a neighbour takes the whole row, unless it is a gallery, which would become as high as it is wide.
    """
    wide, single = set(), ""
    for name, figure in figures.items():
        if _needs_width(figure):
            wide |= {name, single}
            single = ""
        else:
            single = "" if single else name
    return {
        name for name in wide | {single} if name and (_needs_width(figures[name]) or not _is_gallery(figures[name]))
    }


def _needs_width(figure: go.Figure) -> bool:
    """Whether half a page is too narrow: for several panels, and for galleries whose rows would break."""
    meta = figure.layout.meta or {}
    return "min_width" in meta or bool(meta.get("grid", {}).get("keep_rows"))


def _is_gallery(figure: go.Figure) -> bool:
    return "grid" in (figure.layout.meta or {})


def _drawing(figure: go.Figure) -> dict[str, Any]:
    """Data and layout of a figure without its title and template, which the page replaces.

    Only galleries keep their width: any other figure is as wide as its place on the page.
    """
    content = figure.to_plotly_json()
    replaced = ("title", "template") if _is_gallery(figure) else ("title", "template", "width")
    layout = {name: value for name, value in content["layout"].items() if name not in replaced}
    before = layout.get("margin", {}).get("t", TEMPLATE.layout.margin.t)
    above = _MARGIN_WITH_LABELS if any(note.get("y") == 1 for note in layout.get("annotations", ())) else _MARGIN
    layout["margin"] = {**layout.get("margin", {}), "t": above}
    if "height" in layout:
        layout["height"] -= before - above
    return {"data": content["data"], "layout": layout}


def _caption(figure: go.Figure) -> dict[str, str]:
    title = figure.layout.title
    return {"title": title.text or "", "provenance": (title.subtitle.text or "").replace("<br>", " · ")}


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("mnist_growth.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _encoder() -> type[json.JSONEncoder]:
    from plotly.utils import PlotlyJSONEncoder

    encoder: type[json.JSONEncoder] = PlotlyJSONEncoder
    return encoder
