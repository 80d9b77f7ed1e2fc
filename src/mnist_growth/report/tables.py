"""Tables of texts from tables of numbers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mnist_growth.nested import flatten
from mnist_growth.report.content import Table
from mnist_growth.report.formats import Format, cell

Columns = Mapping[str, tuple[str, Format]]
"""Heading and format of each column that is shown, in their order."""


def described(name: str, title: str, frame: pd.DataFrame, columns: Columns) -> Table:
    """Return some columns of a table of numbers; a column with bounds ``..._low`` and ``..._high`` shows them too."""
    rows = [tuple(cell(row, column, form) for column, (_, form) in columns.items()) for row in frame.to_dict("records")]
    return Table(name, title, [heading for heading, _ in columns.values()], rows)


def key_values(name: str, title: str, content: Mapping[str, Any], columns: Columns) -> Table:
    """Return title and value of the numbers that are there, one pair in a row, with their intervals."""
    rows = [(heading, cell(content, key, form)) for key, (heading, form) in columns.items() if key in content]
    return Table(name, title, ("", "value"), rows)


def values(name: str, title: str, content: Mapping[str, Any]) -> Table:
    """Return names and values, one pair in a row; nested ones, pydantic models too, under dotted names."""
    rows = [(path, str(value)) for path, value in flatten(content).items()]
    return Table(name, title, ("", "value"), rows)
