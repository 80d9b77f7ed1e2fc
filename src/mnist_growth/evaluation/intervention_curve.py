"""Accuracy on the same digits in a changed writing style."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_growth.evaluation.intervals import paired_difference_interval, wilson_interval


def intervention_row(
    intervention: str, unit: str, strength: float, correct: NDArray[np.bool_], correct_before: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return one point of an intervention curve.

    Args:
        intervention: Name of the intervention.
        unit: Unit of the strength.
        strength: Strength of the intervention.
        correct: Which of the changed digits are classified correctly, bool [N].
        correct_before: Which of the unchanged digits are classified correctly, bool [N].

    Returns:
        ``intervention``, ``unit``, ``strength``, ``examples`` and ``errors``, ``accuracy`` with its 95 % Wilson
        interval ``accuracy_low`` to ``accuracy_high``, and its ``difference`` from that of the unchanged digits with
        the interval for paired digits ``difference_low`` to ``difference_high`` (fractions of 1).
    """
    examples, count = len(correct), int(correct.sum())
    low, high = wilson_interval(count, examples)
    gained, lost = int((correct & ~correct_before).sum()), int((~correct & correct_before).sum())
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
