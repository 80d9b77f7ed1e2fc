"""The recipes that this project races with: those of the environments `speed` and `speed_99`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.common.paths import PROJECT
from benchmarks.speed.race import Arrays
from mnist_growth.model_source import Project

ENVIRONMENTS = ("speed", "speed_99")
"""Of Kedro, with the recipes to the lower and to the higher goal."""

QUICK: dict[str, Any] = {
    "growth": {"initial_neurons": 16, "growth_rate": 8, "growth_epochs": 1, "max_neurons": 32},
    "training": {"epochs": 30, "batch_size": 32},
}


def load(environment: str, dataset: str, overrides: Mapping[str, Any]) -> tuple[dict[str, Any], Arrays]:
    """The parameters of a training, in groups, and the digits in memory.

    Args:
        environment: of Kedro.
        dataset: name of the set.
        overrides: other values than those of the environment.
    """
    context = Project(PROJECT, environment, None, {"dataset": dataset, **overrides}).context()
    parameters, digits = context.config_loader["parameters"], context.catalog.load("digit_archive")
    groups = ("split", "warps", "device", "memory", "network", "growth", "training")
    recipe = {group: parameters[group] for group in groups}
    arrays = (digits.train.images, digits.train.labels, digits.test.images, digits.test.labels)
    return recipe, Arrays(*map(np.array, arrays))


def describe(recipe: Mapping[str, Any]) -> str:
    """One line on a recipe."""
    growth, training, warps = recipe["growth"], recipe["training"], recipe["warps"]
    return (
        f"{recipe['network']['hidden_layers']} hidden layers, {growth['initial_neurons']} to {growth['max_neurons']} "
        f"neurons (+{growth['growth_rate']} every {growth['growth_epochs']} epochs), {training['epochs']} epochs, "
        f"batch {training['batch_size']}, learning rate {training['learning_rate']:g}, label smoothing "
        f"{training['label_smoothing']:g}, {'warps' if warps['enabled'] else 'no warps'}; "
        f"{recipe['split']['validation_fraction']:.0%} of the training digits held out"
    )
