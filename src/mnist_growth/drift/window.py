"""The most recent images."""

import numpy as np
from numpy.typing import NDArray

from mnist_growth.drift.features import FEATURES, Features


class SlidingWindow:
    """Features of the most recent images, older ones forgotten.

    Args:
        size: Largest number of images that are remembered.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.seen = 0
        """Number of images that have ever been added."""
        self._values: dict[str, NDArray[np.float64]] = {name: np.empty(0) for name in FEATURES}

    def __len__(self) -> int:
        return len(self._values[FEATURES[0]])

    def add(self, features: Features) -> None:
        """Add images, the oldest first."""
        for name in FEATURES:
            self._values[name] = np.concatenate([self._values[name], features[name]])[-self.size :]
        self.seen += len(features[FEATURES[0]])

    @property
    def features(self) -> Features:
        """What is remembered, the oldest first."""
        return self._values
