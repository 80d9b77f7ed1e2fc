"""Values with their confidence intervals."""

from typing import Any

import pandas as pd


def error_bars(table: pd.DataFrame, value: str) -> dict[str, Any]:
    """Return plotly's error bars from ``<value>_low`` to ``<value>_high`` around the column ``value``."""
    return {
        "type": "data",
        "symmetric": False,
        "array": (table[f"{value}_high"] - table[value]).tolist(),
        "arrayminus": (table[value] - table[f"{value}_low"]).tolist(),
        "thickness": 1.5,
        "width": 4,
    }
