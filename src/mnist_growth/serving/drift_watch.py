"""Watching the images that a service is asked about for drift."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_growth.drift import (
    PREDICTION,
    DriftConfig,
    DriftReference,
    FeatureDrift,
    SlidingWindow,
    compare,
    measure_images,
)

_PIECE = 25  # images measured at once, about 10 ms; between two pieces requests are answered

_Noted = tuple[NDArray[np.uint8], float, int, float]  # image, mean grey value as it came, digit, confidence


@dataclass(frozen=True)
class DriftState:
    """How far the latest images are from training.

    Attributes:
        config: Limits and the like; None where the network has no reference.
        images: Number of images that are compared.
        features: In the order of `mnist_growth.drift.FEATURES`; none without images.
    """

    config: DriftConfig | None
    images: int = 0
    features: tuple[FeatureDrift, ...] = ()

    @property
    def watching(self) -> bool:
        """Whether there is something to compare with."""
        return self.config is not None

    @property
    def window(self) -> int:
        """Largest number of images that are compared."""
        return 0 if self.config is None else self.config.window

    def rows(self) -> Iterator[tuple[FeatureDrift, dict[str, float | None]]]:
        """Each feature with its limits."""
        assert self.config is not None or not self.features
        for feature in self.features:
            assert self.config is not None
            limits = self.config.prediction if feature.feature in PREDICTION else self.config.style
            yield feature, {**limits.model_dump(), **({"ks": None} if feature.ks is None else {})}


class DriftWatch:
    """Remembers the latest images; they are measured when somebody wants to know, not while requests wait.

    Args:
        setup: Reference of the network, and how to compare with it; None where there is no reference.
    """

    def __init__(self, setup: tuple[DriftReference, DriftConfig] | None) -> None:
        self._setup = setup
        self._noted: deque[_Noted] = deque(maxlen=setup[1].window if setup else 0)
        self._window = SlidingWindow(setup[1].window if setup else 0)
        self._state = DriftState(setup[1] if setup else None)
        self._measuring = threading.Lock()

    def note(self, images: NDArray[np.uint8], means: Sequence[float], probabilities: NDArray[np.float32]) -> None:
        """Remember images that were answered.

        Args:
            images: In MNIST form, uint8 [N, 28, 28].
            means: Mean grey value of each as it came, 0 to 1.
            probabilities: Of the digits, float32 [N, 10].
        """
        if self._setup is None:
            return
        for image, mean, answer in zip(images, means, probabilities, strict=True):
            digit = int(answer.argmax())
            self._noted.append((image if len(images) == 1 else image.copy(), mean, digit, float(answer[digit])))

    def state(self) -> DriftState:
        """Measure what has come since the last time, and compare; may be called by any thread."""
        with self._measuring:
            if self._setup is None or not self._noted:
                return self._state
            reference, config = self._setup
            for _ in range(-(-config.window // _PIECE)):  # not for ever, where images come as fast as they are measured
                piece = [self._noted.popleft() for _ in range(min(_PIECE, len(self._noted)))]
                if not piece:
                    break
                images, means, digits, confidence = zip(*piece, strict=True)
                self._window.add(
                    measure_images(np.array(means), np.stack(images), np.array(digits), np.array(confidence))
                )
            compared = compare(reference, self._window.features, config)
            self._state = DriftState(config, len(self._window), tuple(compared))
            return self._state
