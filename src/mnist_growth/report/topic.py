"""Declaration of a section of the report: the datasets that it needs, and its contents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnist_growth.report.content import Section, Table
from mnist_growth.report.missing import Missing, explain

FIGURE = "_figure"
"""End of the name of every figure in the catalog."""


@dataclass(frozen=True)
class Body:
    """Texts and tables of a section."""

    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()


def _no_body(results: Mapping[str, Any]) -> Body:  # noqa: ARG001
    return Body()


@dataclass(frozen=True)
class Topic:
    """A section of the report of a run, and the datasets that it needs.

    Attributes:
        name: Anchor on the page.
        title: Heading.
        datasets: Tables, metrics and figures by their names in the catalog; figures are shown in this order.
        body: Function from the tables and metrics, by name, to texts and tables.
        optional: Whether a default run does not make the datasets.
        kind: Kind of network that has the datasets; empty for all kinds.
        of_source: Whether the report of a compressed network shows the datasets of its source network.
    """

    name: str
    title: str
    datasets: tuple[str, ...]
    body: Callable[[Mapping[str, Any]], Body] = _no_body
    optional: bool = False
    kind: str = ""
    of_source: bool = False

    def missing(self, results: Mapping[str, Any]) -> list[Missing]:
        """Return the datasets that are missing."""
        return [results[name] for name in self.datasets if isinstance(results[name], Missing)]

    def section(self, results: Mapping[str, Any]) -> Section:
        """Return the section with the available results; missing ones are listed by name.

        Args:
            results: Datasets by name, or ``Missing`` in their place.
        """
        present = {name: results[name] for name in self.datasets if not isinstance(results[name], Missing)}
        figures = {name: value for name, value in present.items() if name.endswith(FIGURE)}
        tables = {name for name in self.datasets if not name.endswith(FIGURE)}
        body = self.body(present) if tables <= present.keys() else Body()
        return Section(self.name, self.title, [*explain(self.missing(results)), *body.paragraphs], body.tables, figures)
