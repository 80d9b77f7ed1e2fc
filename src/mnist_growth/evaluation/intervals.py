"""95 % confidence intervals of proportions and means."""

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit  # Student's t quantile; scipy.stats takes long to import

CONFIDENCE = 0.95
"""Confidence level of all intervals in the project."""

_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)  # 1.96


def wilson_interval(successes: ArrayLike, trials: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % interval of a proportion.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (158), 1927. Unlike the
    normal approximation, it stays within 0 to 1 and is valid for the few mistakes of an accurate network.

    Args:
        successes: Counts from 0 to ``trials``, of any shape.
        trials: Numbers of trials, of the same shape.

    Returns:
        Lower and upper bound, float64 of the same shape; NaN where there are no trials.
    """
    count, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        proportion = count / n
        centre = (proportion + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half_width = _Z / (1 + _Z**2 / n) * np.sqrt(proportion * (1 - proportion) / n + _Z**2 / (4 * n**2))
    # Exactly 0 for no successes and 1 for only successes, without rounding errors.
    low = np.where(count == 0, proportion, centre - half_width)
    high = np.where(count == n, proportion, centre + half_width)
    return low, high


def difference_interval(
    successes: ArrayLike, trials: ArrayLike, other_successes: ArrayLike, other_trials: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % interval of the difference between two proportions of independent samples.

    The hybrid score interval: method 10 of Newcombe, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, 1998.

    Args:
        successes: Successes of the first sample.
        trials: Size of the first sample.
        other_successes: Successes of the sample that is subtracted.
        other_trials: Size of that sample.

    Returns:
        Lower and upper bound of first minus other, float64; NaN where there are no trials.
    """
    low, high = wilson_interval(successes, trials)
    other_low, other_high = wilson_interval(other_successes, other_trials)
    with np.errstate(divide="ignore", invalid="ignore"):
        proportion = np.asarray(successes, dtype=np.float64) / np.asarray(trials, dtype=np.float64)
        other = np.asarray(other_successes, dtype=np.float64) / np.asarray(other_trials, dtype=np.float64)
    difference = proportion - other
    return (
        difference - np.sqrt((proportion - low) ** 2 + (other_high - other) ** 2),
        difference + np.sqrt((high - proportion) ** 2 + (other - other_low) ** 2),
    )


def paired_difference_interval(only_first: int, only_second: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of the difference between two proportions of the same (paired) digits.

    The adjusted Wald interval of Agresti & Min, "Simple improved confidence intervals for comparing matched
    proportions", Statistics in Medicine 24, 2005: 0.5 is added to each of the four cells of the table.

    Args:
        only_first: Number of digits that are a success only for the first proportion.
        only_second: Number of digits that are a success only for the second proportion.
        trials: Number of all digits, at least 1.

    Returns:
        Lower and upper bound of first minus second, within -1 to 1.
    """
    first, second, n = only_first + 0.5, only_second + 0.5, trials + 2
    difference = (first - second) / n
    half_width = _Z * np.sqrt((first + second) - (first - second) ** 2 / n) / n
    return float(max(-1.0, difference - half_width)), float(min(1.0, difference + half_width))


def mean_interval(values: ArrayLike) -> tuple[float, float, float]:
    """Return the mean of a sample and its 95 % interval by Student's t distribution.

    Args:
        values: Independent values of any shape, such as one for each digit.

    Returns:
        Mean, lower and upper bound; the bounds are NaN for fewer than two values.
    """
    sample = np.asarray(values, dtype=np.float64).ravel()
    mean = float(sample.mean())
    if sample.size < 2:
        return mean, float("nan"), float("nan")
    half_width = float(stdtrit(sample.size - 1, (1 + CONFIDENCE) / 2) * sample.std(ddof=1) / np.sqrt(sample.size))
    return mean, mean - half_width, mean + half_width
