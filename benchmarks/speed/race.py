"""What all contestants share: the digits, and a clock that is stopped while accuracy is measured.

Imports only NumPy, so that the measured memory of a contestant is its own.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Predict = Callable[[NDArray[np.uint8]], NDArray[np.integer]]
"""Gives the classes [N] of images uint8 [N, 28, 28]."""


@dataclass(frozen=True)
class Arrays:
    """A data set in memory.

    Attributes:
        train_images: Training images, uint8 [N, 28, 28].
        train_labels: Their classes, int64 [N].
        test_images: Test images, uint8 [M, 28, 28].
        test_labels: Their classes, int64 [M].
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]

    @classmethod
    def read(cls, folder: Path) -> "Arrays":
        """Read what `write` wrote."""
        return cls(**{name: np.load(folder / f"{name}.npy") for name in cls.__dataclass_fields__})

    def write(self, folder: Path) -> None:
        """Write one file for each array."""
        for name in self.__dataclass_fields__:
            np.save(folder / f"{name}.npy", getattr(self, name))

    def first(self, count: int) -> "Arrays":
        """Return the first training and test digits."""
        return Arrays(**{name: getattr(self, name)[:count] for name in self.__dataclass_fields__})


class Finished(Exception):  # noqa: N818
    """Every goal is reached or its time is up."""


@dataclass
class Race:
    """Measures accuracy after every epoch, and the training time until then.

    Attributes:
        digits: Training and test data.
        goals: Seconds that may be spent on reaching each accuracy. No epoch begins once each goal is reached or out of
            time.
        curve: Seconds of training and test accuracy after each epoch.
    """

    digits: Arrays
    goals: Mapping[float, float]
    curve: list[tuple[float, float]] = field(default_factory=list)
    _seconds: float = 0.0
    _started: float | None = None

    def start(self) -> None:
        """Start the clock, once the data is converted and the model exists."""
        self._started = time.perf_counter()

    def pause(self) -> None:
        """Stop the clock until the next start. A second call has no effect."""
        if self._started is not None:
            self._seconds += time.perf_counter() - self._started
            self._started = None

    def epoch(self, predict: Predict) -> None:
        """End an epoch: stop the clock, measure the test accuracy, and start the clock again.

        Args:
            predict: The model as it is now.

        Raises:
            Finished: Every goal is reached or out of time.
        """
        self.pause()
        correct = predict(self.digits.test_images) == self.digits.test_labels
        self.curve.append((self._seconds, float(np.mean(correct))))
        if not any(
            self.seconds_to(accuracy) is None and self._seconds < limit for accuracy, limit in self.goals.items()
        ):
            raise Finished
        self.start()

    def seconds_to(self, accuracy: float) -> float | None:
        """Return the training time until an accuracy was first measured; None if it was not, or only out of time."""
        limit = self.goals.get(accuracy, float("inf"))
        return next((seconds for seconds, found in self.curve if found >= accuracy and seconds <= limit), None)
