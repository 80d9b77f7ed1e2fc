"""Monitoring the images of requests for drift."""

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

_CHUNK = 25  # images measured at once, about 10 ms; requests are answered between two chunks

_Noted = tuple[NDArray[np.uint8], float, int, float]  # image, mean grey value of the original, digit, confidence


@dataclass(frozen=True)
class DriftState:
    """Drift of the latest images from the training images.

    Attributes:
        config: Thresholds and window; None if the network has no reference.
        images: Number of compared images.
        features: Drift of each feature in the order of `mnist_growth.drift.FEATURES`; empty without images.
    """

    config: DriftConfig | None
    images: int = 0
    features: tuple[FeatureDrift, ...] = ()

    @property
    def watching(self) -> bool:
        """Whether the network has a reference."""
        return self.config is not None

    @property
    def window(self) -> int:
        """Largest number of compared images."""
        return 0 if self.config is None else self.config.window

    def rows(self) -> Iterator[tuple[FeatureDrift, dict[str, float | None]]]:
        """Yield each feature with its thresholds."""
        assert self.config is not None or not self.features
        for feature in self.features:
            assert self.config is not None
            limits = self.config.prediction if feature.feature in PREDICTION else self.config.style
            yield feature, {**limits.model_dump(), **({"ks": None} if feature.ks is None else {})}


class DriftWatch:
    """Stores the latest images and measures them on demand, not while requests wait.

    Args:
        setup: Reference of the network and parameters of the comparison; None if there is no reference.
    """

    def __init__(self, setup: tuple[DriftReference, DriftConfig] | None) -> None:
        self._setup = setup
        self._noted: deque[_Noted] = deque(maxlen=setup[1].window if setup else 0)
        self._window = SlidingWindow(setup[1].window if setup else 0)
        self._state = DriftState(setup[1] if setup else None)
        self._measuring = threading.Lock()

    def note(self, images: NDArray[np.uint8], means: Sequence[float], probabilities: NDArray[np.float32]) -> None:
        """Store classified images.

        Args:
            images: Prepared images, uint8 [N, 28, 28].
            means: Mean grey value of each original image, 0 to 1.
            probabilities: Probabilities of the digits, float32 [N, 10].
        """
        if self._setup is None:
            return
        for image, mean, answer in zip(images, means, probabilities, strict=True):
            digit = int(answer.argmax())
            self._noted.append((image if len(images) == 1 else image.copy(), mean, digit, float(answer[digit])))

    def state(self) -> DriftState:
        """Measure the images since the last call and compare; may be called by any thread."""
        with self._measuring:
            if self._setup is None or not self._noted:
                return self._state
            reference, config = self._setup
            for _ in range(-(-config.window // _CHUNK)):  # bounded: images may arrive as fast as they are measured
                chunk = [self._noted.popleft() for _ in range(min(_CHUNK, len(self._noted)))]
                if not chunk:
                    break
                images, means, digits, confidence = zip(*chunk, strict=True)
                self._window.add(
                    measure_images(np.array(means), np.stack(images), np.array(digits), np.array(confidence))
                )
            compared = compare(reference, self._window.features, config)
            self._state = DriftState(config, len(self._window), tuple(compared))
            return self._state
