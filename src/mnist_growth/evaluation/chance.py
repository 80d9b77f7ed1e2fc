"""Recognising a network that has learned nothing."""

import math

import numpy as np
from numpy.typing import NDArray

STANDARD_ERRORS = 3


def accuracy_without_learning(labels: NDArray[np.int64]) -> float:
    """Return the largest accuracy that is explained by always answering the most frequent class.

    Args:
        labels: Classes of the digits that the accuracy was measured on, int64 [N].

    Returns:
        The share of the most frequent class plus three standard errors.
    """
    share = int(np.bincount(labels).max()) / len(labels)
    return share + STANDARD_ERRORS * math.sqrt(share * (1 - share) / len(labels))
