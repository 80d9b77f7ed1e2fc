"""Divergences between distributions."""

import numpy as np
from numpy.typing import NDArray


def smoothed(counts: NDArray[np.int64], smoothing: float) -> NDArray[np.float64]:
    """Return the smoothed shares of the bins, float64 [B], which are all above 0: (n_i + s) / (n + s B).

    With s = 1/2 this is the estimate of Krichevsky and Trofimov ("The performance of universal encoding", IEEE
    Transactions on Information Theory 27 (2), 1981). Without smoothing, one image in a bin that was empty in training
    would make both divergences infinite.

    Args:
        counts: Number of images in each bin, int64 [B].
        smoothing: Count s that is added to every bin, above 0.
    """
    padded = counts + smoothing
    return np.asarray(padded / padded.sum())


def kl_divergence(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return KL(first || second) = sum p_i ln(p_i / q_i) in nats (Kullback and Leibler 1951); no share may be 0."""
    return float((first * np.log(first / second)).sum())


def population_stability_index(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return sum (p_i - q_i) ln(p_i / q_i) = KL(p || q) + KL(q || p) in nats; no share may be 0.

    In credit scoring, values below 0.1 are called stable and values above 0.25 a shift (Siddiqi, "Credit
    risk scorecards", 2006, chapter 7).
    """
    return float(((first - second) * np.log(first / second)).sum())


def ks_test(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float]:
    """Return distance and p-value of the two-sample Kolmogorov-Smirnov test.

    If only one of the samples is empty, the result is (1, 0).
    """
    if len(first) == 0 or len(second) == 0:
        return (0.0, 1.0) if len(first) == len(second) else (1.0, 0.0)
    from scipy import stats  # here, because the import is slower than all others of the service

    result = stats.ks_2samp(first, second, method="asymp")
    return float(result.statistic), float(result.pvalue)
