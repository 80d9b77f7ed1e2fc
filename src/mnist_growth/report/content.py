"""The parts of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import plotly.graph_objects as go

_MANY_ROWS = 12


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        name: Anchor on the page.
        title: Caption.
        headings: One for each column.
        rows: Texts; the first one of a row is its heading.
        is_detail: Whether few readers need it: it is then collapsed, however short it is.
    """

    name: str
    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    is_detail: bool = False

    @property
    def folded(self) -> bool:
        """Whether the table is collapsed, because it has many rows or is a detail."""
        return self.is_detail or len(self.rows) > _MANY_ROWS


@dataclass(frozen=True)
class Section:
    """A section of a page: texts, then tables, then figures.

    Attributes:
        name: Anchor on the page.
        title: Heading.
        paragraphs: Plain texts.
        tables: Tables.
        figures: Figures by their names, which are their anchors.
    """

    name: str
    title: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: Mapping[str, go.Figure] = field(default_factory=dict)
