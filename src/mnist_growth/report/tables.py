"""Tables of texts from tables of numbers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mnist_growth.nested import flatten
from mnist_growth.report.content import Table
from mnist_growth.report.formats import MISSING, Format, cell, interval

Columns = Mapping[str, tuple[str, Format]]
"""Heading and format of each column that is shown, in their order."""


def described(name: str, title: str, frame: pd.DataFrame, columns: Columns) -> Table:
    """Return some columns of a table of numbers; a column with bounds ``..._low`` and ``..._high`` shows them too."""
    rows = [tuple(cell(row, column, form) for column, (_, form) in columns.items()) for row in frame.to_dict("records")]
    return Table(name, title, [heading for heading, _ in columns.values()], rows)


def key_values(content: Mapping[str, Any], columns: Columns) -> list[tuple[str, str, str]]:
    """Return title, value and interval of the numbers that are there."""
    return [
        (title, form(content[name]), _bounds(content, name, form))
        for name, (title, form) in columns.items()
        if name in content
    ]


def values(name: str, title: str, content: Mapping[str, Any]) -> Table:
    """Return names and values, one pair in a row; nested ones, pydantic models too, under dotted names."""
    rows = [(path, str(value)) for path, value in flatten(content).items()]
    return Table(name, title, ("", "value"), rows)


def _bounds(content: Mapping[str, Any], name: str, form: Format) -> str:
    if f"{name}_low" not in content:
        return MISSING
    return interval(content[f"{name}_low"], content[f"{name}_high"], form)
