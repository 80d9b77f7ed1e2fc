"""What the search for architectures minimizes."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

MIN_ERROR = 1e-4
"""Errors below one of 10,000 digits count as this: no set of digits can tell them apart."""


def objectives(multiply_adds: ArrayLike, accuracy: ArrayLike) -> NDArray[np.float64]:
    """Return decimal logarithms of multiply-adds and error, [N, 2]: a factor counts the same wherever it is won.

    Args:
        multiply_adds: Of one image, [N].
        accuracy: In [0, 1], [N].
    """
    error = np.maximum(1 - np.asarray(accuracy, np.float64), MIN_ERROR)
    values: NDArray[np.float64] = np.log10(np.stack([np.asarray(multiply_adds, np.float64), error], axis=-1))
    return values
