"""Sliding window over the most recent images."""

import numpy as np
from numpy.typing import NDArray

from mnist_growth.drift.features import FEATURES, Features


class SlidingWindow:
    """Features of the most recent images.

    Args:
        size: Largest number of images in the window.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.seen = 0
        """Number of images added so far."""
        self._values: dict[str, NDArray[np.float64]] = {name: np.empty(0) for name in FEATURES}

    def __len__(self) -> int:
        return len(self._values[FEATURES[0]])

    def add(self, features: Features) -> None:
        """Add images in the order of their arrival."""
        for name in FEATURES:
            self._values[name] = np.concatenate([self._values[name], features[name]])[-self.size :]
        self.seen += len(features[FEATURES[0]])

    @property
    def features(self) -> Features:
        """Features of the images in the window, the oldest first."""
        return self._values
