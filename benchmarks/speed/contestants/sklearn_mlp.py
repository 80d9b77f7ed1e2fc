"""The multilayer perceptron of scikit-learn."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from benchmarks.speed.contestants import DEFAULTS
from benchmarks.speed.race import Race

SETTINGS = "MLPClassifier((512, 512)), Adam 0.001, batch 200, float32 pixels 0 to 1, partial_fit"
ORIGIN = "the library's defaults except for the width; the digits are converted before the start"
TUNING = DEFAULTS


def run(race: Race, seed: int, _recipe: Mapping[str, Any]) -> None:
    """Train with one `partial_fit` for each epoch."""
    model = MLPClassifier((512, 512), random_state=np.random.RandomState(seed))
    images, labels = _pixels(race.digits.train_images), race.digits.train_labels
    classes = np.arange(10)
    race.start()
    while True:
        model.partial_fit(images, labels, classes=classes)
        race.epoch(lambda images: model.predict(_pixels(images)))


def _pixels(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
