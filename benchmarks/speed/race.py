"""What all contestants share: the digits, and a clock that stands still while accuracy is measured.

Imports nothing but numpy, so that the memory of a contestant is its own.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Predict = Callable[[NDArray[np.uint8]], NDArray[np.integer]]
"""Classes [N] of images uint8 [N, 28, 28]."""


@dataclass(frozen=True)
class Arrays:
    """A set of digits in memory.

    Attributes:
        train_images: uint8 [N, 28, 28].
        train_labels: int64 [N].
        test_images: uint8 [M, 28, 28].
        test_labels: int64 [M].
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]

    @classmethod
    def read(cls, folder: Path) -> "Arrays":
        """Read what ``write`` wrote."""
        return cls(**{name: np.load(folder / f"{name}.npy") for name in cls.__dataclass_fields__})

    def write(self, folder: Path) -> None:
        """Write a file for each array."""
        for name in self.__dataclass_fields__:
            np.save(folder / f"{name}.npy", getattr(self, name))

    def first(self, count: int) -> "Arrays":
        """The first training and test digits."""
        return Arrays(**{name: getattr(self, name)[:count] for name in self.__dataclass_fields__})


class Finished(Exception):  # noqa: N818
    """All goals are reached, or their time is up."""


@dataclass
class Race:
    """Measures the accuracy after every epoch, and how long the training took until then.

    Attributes:
        digits: what is trained on and tested with.
        goals: seconds that may be spent on each accuracy; no epoch begins when each is reached or its time is up.
        curve: seconds of training and test accuracy after each epoch.
    """

    digits: Arrays
    goals: Mapping[float, float]
    curve: list[tuple[float, float]] = field(default_factory=list)
    _seconds: float = 0.0
    _started: float | None = None

    def start(self) -> None:
        """Let the clock run: the data is converted and the model made."""
        self._started = time.perf_counter()

    def pause(self) -> None:
        """Stop the clock until the next start; stopping it twice is the same as once."""
        if self._started is not None:
            self._seconds += time.perf_counter() - self._started
            self._started = None

    def epoch(self, predict: Predict) -> None:
        """An epoch is done: stop the clock, measure, and let it run again.

        Raises:
            Finished: there is no reason to go on.
        """
        self.pause()
        right = predict(self.digits.test_images) == self.digits.test_labels
        self.curve.append((self._seconds, float(np.mean(right))))
        if not any(
            self.seconds_to(accuracy) is None and self._seconds < limit for accuracy, limit in self.goals.items()
        ):
            raise Finished
        self.start()

    def seconds_to(self, accuracy: float) -> float | None:
        """Seconds of training until an accuracy was first seen; None if it was not, or after the time for it."""
        limit = self.goals.get(accuracy, float("inf"))
        return next((seconds for seconds, found in self.curve if found >= accuracy and seconds <= limit), None)
