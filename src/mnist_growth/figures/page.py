"""Several figures on one page that needs nothing else."""

from collections.abc import Mapping
from html import escape

import plotly.graph_objects as go
import plotly.io

_STYLE = """
body { font-family: "Open Sans", Helvetica, Arial, sans-serif; color: #222; max-width: 1000px; margin: 2rem auto;
       padding: 0 1rem; }
section { margin: 2.5rem 0; overflow-x: auto; }
"""


def page(figures: Mapping[str, go.Figure], title: str) -> str:
    """Return an HTML page with all figures, in their order, that can be opened without a network.

    Args:
        figures: Figures by the name that becomes the anchor of their section.
        title: Heading of the page, plain text.
    """
    sections = [
        f'<section id="{escape(name)}">\n'
        # The library is 5 MB, and the first figure brings it along for all others.
        + plotly.io.to_html(figure, full_html=False, include_plotlyjs=position == 0, div_id=f"{name}-figure")
        + "\n</section>"
        for position, (name, figure) in enumerate(figures.items())
    ]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            f'<head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style></head>',
            f"<body><h1>{escape(title)}</h1>",
            *sections,
            "</body></html>",
            "",
        ]
    )
