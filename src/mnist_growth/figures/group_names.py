"""Names of the groups of units in tables."""

import pandas as pd


def group_names(table: pd.DataFrame) -> dict[int, str]:
    """Return the name of each group of a table of units by its number, in increasing order of the numbers."""
    return dict(sorted(zip(table["layer"].tolist(), table["group"].tolist(), strict=True)))
