"""Probabilities from logits."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)


def softmax(logits: NDArray[Float]) -> NDArray[Float]:
    """Return the softmax of each row of logits [N, C], in their dtype; no exponential overflows."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[Float] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities
