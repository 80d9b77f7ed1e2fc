"""Formats of numbers."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Format = Callable[[Any], str]
"""A function from a value to its text."""

MISSING = "–"
"""Text of a missing value."""


def percent(share: float) -> str:
    """0.98765 as "98.77 %"."""
    return f"{share:.2%}".replace("%", " %")


def points(difference: float) -> str:
    """A difference of two shares in percentage points: "+1.23"."""
    return f"{100 * difference:+.2f}"


def nats(value: float) -> str:
    """A loss: "0.0312 nats"."""
    return f"{value:.4f} nats"


def decimals(value: float) -> str:
    """Four decimal places."""
    return f"{value:.4f}"


def words(name: str) -> str:
    """A name without its underscores."""
    return name.replace("_", " ")


def count(value: float) -> str:
    """12345 as "12,345"."""
    return f"{value:,.0f}"


def scientific(value: float) -> str:
    """Three significant digits: "1.23e-07", and "0" for 0."""
    return f"{value:.2e}" if value else "0"


def significant(value: float) -> str:
    """Four significant digits, with an exponent only where needed."""
    return f"{value:.4g}"


def megabytes(value: float) -> str:
    """Bytes in megabytes of 10^6: "697 MB", "0.7 MB", or kilobytes below a tenth: "44 kB"."""
    if value < 1e5:
        return f"{value / 1e3:.0f} kB"
    return f"{value / 1e6:,.{0 if value >= 1e7 else 1}f} MB"


def duration(seconds: float) -> str:
    """Seconds, or minutes and seconds: "3 min 7 s"."""
    rounded = round(seconds)
    return f"{rounded // 60} min {rounded % 60} s" if rounded >= 60 else f"{seconds:.1f} s"


def cell(row: Mapping[Any, Any], column: str, form: Format) -> str:
    """The value of a column, with its interval if the row has the columns ``..._low`` and ``..._high``."""
    value = row[column]
    if _is_missing(value):
        return MISSING
    low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
    if _is_missing(low) or _is_missing(high):
        return form(value)
    return f"{form(value)} ({interval(low, high, form)})"


def interval(low: Any, high: Any, form: Format) -> str:
    """Two bounds with a common unit: "98.91 to 99.21 %"."""
    lower, upper = form(low), form(high)
    unit = upper.partition(" ")[2]
    return f"{lower.removesuffix(f' {unit}') if unit else lower} to {upper}"


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and bool(np.isnan(value)))
