"""Names of classes in figures."""

from collections.abc import Sequence

import pandas as pd

_LONGEST = 10  # characters of a name in a caption
_LINE = 11  # characters of a line of a caption, in bold


def named(table: pd.DataFrame, class_names: Sequence[str], *columns: str) -> pd.DataFrame:
    """Return a table with the names of classes instead of their numbers.

    Args:
        table: Has the numbers of classes in some columns.
        class_names: Names of the classes; empty for digits, whose numbers are their names.
        columns: The columns with numbers of classes.
    """
    if not class_names:
        return table
    names = [short(name) for name in class_names]
    return table.assign(**{column: [names[number] for number in table[column]] for column in columns})


def short(name: str) -> str:
    """Return a name that fits below an image."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def caption(*parts: str) -> str:
    """Return bold text of some parts: in one line if they fit below an image, otherwise in a line each."""
    separator = " " if len(" ".join(parts)) <= _LINE else "<br>"
    return f"<b>{separator.join(parts)}</b>"
