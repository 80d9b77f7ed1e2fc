"""Names of the groups of units in tables."""

import pandas as pd


def with_group_names(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of units with the column ``group``, the name of the group whose number is in ``layer``.

    A table without this column is that of a perceptron, whose groups are its hidden layers; number 0 is its output.
    """
    if "group" in table:
        return table
    return table.assign(group=[f"hidden layer {layer}" if layer else "output" for layer in table["layer"].tolist()])


def group_names(table: pd.DataFrame) -> dict[int, str]:
    """Return the name of each group of a table of units by its number, in increasing order of the numbers."""
    named = with_group_names(table)
    return dict(sorted(zip(named["layer"].tolist(), named["group"].tolist(), strict=True)))
