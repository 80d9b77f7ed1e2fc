"""Trainings without Kedro, from parameters that are nested by group as in the configuration."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mnist_growth.digits import (
    NUM_CLASSES,
    Digits,
    Split,
    SplitConfig,
    WarpConfig,
    pixel_statistics,
    stratified_split,
)
from mnist_growth.growth import GrowthConfig
from mnist_growth.network import NetworkConfig
from mnist_growth.training import (
    Machine,
    Training,
    TrainingConfig,
    TrainingSetup,
    define_training,
    start_training,
)

Parameters = Mapping[str, Any]
"""The groups split, warps, memory, network, growth and training, and device and threads."""


def start(digits: Digits, parameters: Parameters, *, run_id: str = "") -> Training:
    """Assemble a new training.

    Args:
        digits: Training digits, which are split into training and validation part.
        parameters: All parameters.
        run_id: Id of a tracked run.
    """
    setup, split = define(digits, parameters)
    pixels = pixel_statistics(digits.images, split.train)
    return start_training(setup, digits, split, pixels, machine(parameters), run_id=run_id)


def define(digits: Digits, parameters: Parameters) -> tuple[TrainingSetup, Split]:
    """Return what defines a training, and the split of its digits."""
    split = stratified_split(digits.labels, SplitConfig.model_validate(parameters["split"]))
    setup = define_training(
        digits,
        split,
        network=NetworkConfig.model_validate(parameters["network"]),
        growth=GrowthConfig.model_validate(parameters["growth"]),
        training=TrainingConfig.model_validate(parameters["training"]),
        warps=WarpConfig.model_validate(parameters["warps"]),
    )
    return setup, split


def machine(parameters: Parameters) -> Machine:
    """Return what a training runs on."""
    return Machine(parameters["device"], parameters["threads"], parameters["memory"]["budget_fraction"])


def noise(count: int) -> Digits:
    """Return digits of noise: the content of images does not change how long they take.

    Args:
        count: Number of digits.
    """
    images = np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    return Digits(images, np.arange(count, dtype=np.int64) % NUM_CLASSES, "noise", "ab" * 32)
