"""Tables of texts from tables of numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pydantic import BaseModel

from mnist_growth.report.content import Table
from mnist_growth.report.formats import Format, cell, of_values

Columns = Mapping[str, tuple[str, Format]]
"""Heading and format of each column that is shown, in their order."""

_MANY_ROWS = 30


def described(name: str, title: str, frame: pd.DataFrame, columns: Columns, *, folded: bool = False) -> Table:
    """Return some columns of a table of numbers; a column with bounds ``..._low`` and ``..._high`` shows them too."""
    rows = [tuple(cell(row, column, form) for column, (_, form) in columns.items()) for row in frame.to_dict("records")]
    return Table(name, title, [heading for heading, _ in columns.values()], rows, folded=folded)


def undescribed(name: str, frame: pd.DataFrame) -> Table:
    """Return all columns of a table that nobody has described, under their own names."""
    if frame.index.name is not None:
        frame = frame.reset_index()
    bounds = {
        f"{column}{end}" for column in frame.columns for end in ("_low", "_high") if f"{column}{end}" in frame.columns
    }
    columns = {
        str(column): (_in_words(str(column)), of_values(frame[column]))
        for column in frame.columns
        if column not in bounds
    }
    return described(name, _in_words(name).capitalize(), frame, columns, folded=len(frame) > _MANY_ROWS)


def values(name: str, title: str, content: Mapping[str, Any], headings: Sequence[str] = ("", "value")) -> Table:
    """Return names and values, one pair in a row; nested ones, pydantic models too, under dotted names."""
    rows = _flat(content)
    return Table(name, title, headings, rows, folded=len(rows) > _MANY_ROWS)


def _flat(content: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, given in content.items():
        value = given.model_dump() if isinstance(given, BaseModel) else given
        if isinstance(value, Mapping) and value:
            rows += _flat(value, f"{prefix}{name}.")
        else:
            rows.append((f"{prefix}{name}", str(value)))
    return rows


def _in_words(name: str) -> str:
    return name.replace("_", " ")
