"""How far a share that was counted may be from the true one: 95 % intervals."""

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95
"""Of every interval in the project."""

_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)  # 1.96


def wilson_interval(successes: ArrayLike, trials: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % interval of a share.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (158), 1927. Unlike the
    usual mean ± 1.96 deviations it never leaves 0 to 1, and holds for the few mistakes that a good network makes.

    Args:
        successes: Counts, 0 to ``trials``; of any shape.
        trials: Counts of the same shape.

    Returns:
        Lower and upper bound, float64 of the same shape; not a number where nothing was tried.
    """
    count, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = count / n
        centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        reach = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    # Rounding aside, the bound of nothing is 0 and that of everything is 1.
    low = np.where(count == 0, share, centre - reach)
    high = np.where(count == n, share, centre + reach)
    return low, high


def difference_interval(
    successes: ArrayLike, trials: ArrayLike, other_successes: ArrayLike, other_trials: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % interval of the difference between two shares that were counted on different digits.

    The hybrid score interval: method 10 of Newcombe, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, 1998.

    Args:
        successes: Counts of the first share.
        trials: Of how many.
        other_successes: Counts of the share that is subtracted.
        other_trials: Of how many.

    Returns:
        Lower and upper bound of first minus other, float64; not a number where nothing was tried.
    """
    low, high = wilson_interval(successes, trials)
    other_low, other_high = wilson_interval(other_successes, other_trials)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.asarray(successes, dtype=np.float64) / np.asarray(trials, dtype=np.float64)
        other = np.asarray(other_successes, dtype=np.float64) / np.asarray(other_trials, dtype=np.float64)
    difference = share - other
    return (
        difference - np.sqrt((share - low) ** 2 + (other_high - other) ** 2),
        difference + np.sqrt((high - share) ** 2 + (other - other_low) ** 2),
    )


def paired_difference_interval(only_first: int, only_second: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of the difference between two shares that were counted on the same digits.

    The adjusted Wald interval of Agresti & Min, "Simple improved confidence intervals for comparing matched
    proportions", Statistics in Medicine 24, 2005: half a digit is added to each of the four cells of the table.

    Args:
        only_first: Digits that count for the first share alone.
        only_second: Digits that count for the second share alone.
        trials: All digits, at least one.

    Returns:
        Lower and upper bound of first minus second, within -1 to 1.
    """
    first, second, n = only_first + 0.5, only_second + 0.5, trials + 2
    difference = (first - second) / n
    reach = _Z * np.sqrt((first + second) - (first - second) ** 2 / n) / n
    return float(max(-1.0, difference - reach)), float(min(1.0, difference + reach))
