"""How far the confidence of a network may be believed."""

import numpy as np
from numpy.typing import NDArray


def expected_calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = 15) -> float:
    """Return the mean gap between confidence and accuracy, 0 (calibrated) to 1.

    Predictions are sorted into ``bins`` intervals ((m - 1) / bins, m / bins] of equal width. The gaps
    |accuracy - mean confidence| of the intervals are averaged, each weighted by its share of the predictions
    (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3; 15 bins in section 5).

    Args:
        confidence: Probability of the predicted class, float64 of shape [N], 0 to 1, N >= 1.
        correct: Whether each prediction was right, bool of shape [N].
        bins: Number of intervals.
    """
    upper_edges = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    membership = np.digitize(confidence, upper_edges, right=True)
    # In a bin of n predictions, n * |accuracy - mean confidence| is |sum of correct - sum of confidence|.
    gaps = np.bincount(membership, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))
