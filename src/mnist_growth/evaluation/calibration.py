"""Calibration: how well the confidence of a network matches its accuracy."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.evaluation.intervals import wilson_interval


def reliability_curve(confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int) -> pd.DataFrame:
    """Return the accuracy of predictions by confidence.

    Predictions are grouped into ``bins`` intervals ((m - 1) / bins, m / bins] of equal width (Guo et al., "On
    Calibration of Modern Neural Networks", ICML 2017, section 2).

    Args:
        confidence: Probability of the predicted class, float64 of shape [N], 0 to 1, N >= 1.
        correct: Whether each prediction is correct, bool of shape [N].
        bins: Number of intervals.

    Returns:
        One row per interval in ascending order: ``lower`` and ``upper`` edge, ``examples`` (int64),
        ``mean_confidence``, ``accuracy`` and its 95 % interval, ``accuracy_low`` to ``accuracy_high``; fractions of 1,
        NaN for intervals without predictions.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    membership = np.digitize(confidence, edges[1:-1], right=True)
    examples = np.bincount(membership, minlength=bins)
    correct_count = np.bincount(membership, weights=correct, minlength=bins)
    low, high = wilson_interval(correct_count, examples)
    with np.errstate(invalid="ignore"):
        mean_confidence = np.bincount(membership, weights=confidence, minlength=bins) / examples
        accuracy = correct_count / examples
    return pd.DataFrame(
        {
            "lower": edges[:-1],
            "upper": edges[1:],
            "examples": examples.astype(np.int64),
            "mean_confidence": mean_confidence,
            "accuracy": accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
        }
    )


def expected_calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int) -> float:
    """Return the expected calibration error, 0 (calibrated) to 1.

    It is the mean of |accuracy - mean confidence| over the intervals of ``reliability_curve``, weighted by their
    numbers of predictions (Guo et al., equation 3; 15 bins in section 5).

    Args:
        confidence: Probability of the predicted class, float64 of shape [N], 0 to 1, N >= 1.
        correct: Whether each prediction is correct, bool of shape [N].
        bins: Number of intervals.
    """
    upper_edges = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    membership = np.digitize(confidence, upper_edges, right=True)
    # In a bin of n predictions, n * |accuracy - mean confidence| is |sum of correct - sum of confidence|.
    gaps = np.bincount(membership, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))
