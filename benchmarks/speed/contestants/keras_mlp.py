"""Keras 3 on PyTorch, with the network and settings of the Keras example mnist_mlp.py."""

import os
from collections.abc import Mapping
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from benchmarks.speed.contestants import EXAMPLE
from benchmarks.speed.race import Race

SETTINGS = "784-512-512-10, relu, dropout 0.2, RMSprop 0.001, batch 128, backend torch"
ORIGIN = "settings of the Keras example mnist_mlp.py; the digits are converted before the start"
TUNING = EXAMPLE


def run(race: Race, seed: int, _recipe: Mapping[str, Any]) -> None:
    """Train with `fit`, one epoch at a time."""
    keras.utils.set_random_seed(seed)
    images, labels = _pixels(race.digits.train_images), keras.utils.to_categorical(race.digits.train_labels, 10)
    hidden = [layers.Dense(512, activation="relu"), layers.Dropout(0.2)]
    hidden += [layers.Dense(512, activation="relu"), layers.Dropout(0.2)]
    model = keras.Sequential([keras.Input((784,)), *hidden, layers.Dense(10, activation="softmax")])
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.RMSprop(), metrics=["accuracy"])
    race.start()
    while True:
        model.fit(images, labels, batch_size=128, epochs=1, verbose=0)
        race.epoch(lambda images: np.argmax(model.predict(_pixels(images), batch_size=1000, verbose=0), axis=1))


def _pixels(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
