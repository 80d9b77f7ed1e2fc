"""The parameters and digits of a training, as the configuration of the project has them."""

from collections.abc import Mapping
from typing import Any

from benchmarks.common.paths import PROJECT
from mnist_growth.digits import DigitSet
from mnist_growth.project_context import Project

GROUPS = ("split", "warps", "device", "threads", "memory", "network", "growth", "training")


def load(environment: str, dataset: str, overrides: Mapping[str, Any]) -> tuple[dict[str, Any], DigitSet]:
    """Return the parameters of a training, in groups, and the digits.

    Args:
        environment: Kedro environment.
        dataset: Name of the data set.
        overrides: Parameters that replace those of the environment.
    """
    context = Project(PROJECT, environment, None, {"dataset": dataset, **overrides}).context()
    parameters, digits = context.config_loader["parameters"], context.catalog.load("digit_archive")
    return {group: parameters[group] for group in GROUPS}, digits


def describe(recipe: Mapping[str, Any]) -> str:
    """Describe a recipe in one line."""
    growth, training, warps = recipe["growth"], recipe["training"], recipe["warps"]
    return (
        f"{recipe['network']['hidden_layers']} hidden layers, {growth['initial_neurons']} to {growth['max_neurons']} "
        f"neurons (+{growth['growth_rate']} every {growth['growth_epochs']} epochs), {training['epochs']} epochs, "
        f"batch {training['batch_size']}, learning rate {training['learning_rate']:g}, label smoothing "
        f"{training['label_smoothing']:g}, {'warps' if warps['enabled'] else 'no warps'}; "
        f"{recipe['split']['validation_fraction']:.0%} of the training digits held out"
    )
