"""Texts of CSV files that spreadsheets open."""

import re

import pandas as pd

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # a tab and a line feed stay: they are quoted
_FORMULA = ("=", "+", "-", "@", "\t")


def for_spreadsheet(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts are safe in a CSV file.

    Control characters, such as a carriage return in the name of a file, are escaped: a reader would take them for the
    end of the row. A text that a spreadsheet would take for a formula gets an apostrophe in front of it.
    """
    safe = table.copy(deep=False)
    for name in table.columns[table.dtypes == "str"]:
        safe[name] = table[name].map(_safe)
    return safe


def _safe(text: str) -> str:
    escaped = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
    return f"'{escaped}" if escaped.startswith(_FORMULA) else escaped
