"""Ticks of logarithmic axes whose labels are whole numbers, not single digits."""

import math
from collections.abc import Callable, Iterable
from typing import Any

_FEW, _MANY = (1, 2, 5), tuple(range(1, 10))
_FEWEST = 3
"""Number of ticks below which all multiples of a power of ten are drawn."""

_MARGIN = 1.6  # factor beyond the values within which ticks are drawn


def log_ticks(values: Iterable[float], text: Callable[[float], str]) -> dict[str, Any]:
    """Return the ticks of an axis at 1, 2 and 5 times the powers of ten around some values, or more if these are few.

    Args:
        values: Positive values of the axis, at least one.
        text: Formats the label of a tick.
    """
    found = list(values)
    low, high = min(found) / _MARGIN, max(found) * _MARGIN
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    few, many = (
        [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        for steps in (_FEW, _MANY)
    )
    ticks = few if sum(min(found) <= tick <= max(found) for tick in few) >= _FEWEST else many
    return {"type": "log", "tickmode": "array", "tickvals": ticks, "ticktext": [text(tick) for tick in ticks]}
