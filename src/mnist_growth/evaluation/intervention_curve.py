"""What becomes of the accuracy when the same digits are written differently."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_growth.evaluation.intervals import paired_difference_interval, wilson_interval


def intervention_row(
    intervention: str, unit: str, strength: float, right: NDArray[np.bool_], right_before: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return one point of a curve.

    Args:
        intervention: What was changed.
        unit: Of the strength.
        strength: How much.
        right: Which of the changed digits are recognised, bool [N].
        right_before: Which of the same digits are recognised as they were, bool [N].

    Returns:
        ``intervention``, ``unit``, ``strength``, ``examples`` and ``errors``, ``accuracy`` with its 95 % Wilson
        interval ``accuracy_low`` to ``accuracy_high``, and its ``difference`` from that of the unchanged digits with
        the interval for paired digits ``difference_low`` to ``difference_high`` (fractions of 1).
    """
    examples, count = len(right), int(right.sum())
    low, high = wilson_interval(count, examples)
    gained, lost = int((right & ~right_before).sum()), int((~right & right_before).sum())
    difference_low, difference_high = paired_difference_interval(gained, lost, examples)
    return {
        "intervention": intervention,
        "unit": unit,
        "strength": float(strength),
        "examples": examples,
        "errors": examples - count,
        "accuracy": count / examples,
        "accuracy_low": float(low),
        "accuracy_high": float(high),
        "difference": (gained - lost) / examples,
        "difference_low": difference_low,
        "difference_high": difference_high,
    }
