"""A file of parameters for the configuration."""

from collections.abc import Mapping
from typing import Any

import yaml

from mnist_growth.nested import merge
from mnist_growth.studies.trial import Recipe
from mnist_growth.studies.tuning_config import TuneConfig


def parameters_file(values: Mapping[str, Any], recipe: Recipe, config: TuneConfig) -> str:
    """Return YAML with the parameters that differ from those of the recipe, nested by group.

    Args:
        values: The best values by dotted name.
        recipe: The parameters without them.
        config: Of the study that found them.
    """
    nested: dict[str, Any] = {}
    for name, value in values.items():
        if value != recipe.value(name):
            inner: Any = value
            for part in reversed(name.split(".")):
                inner = {part: inner}
            nested = merge(nested, inner)
    epochs = recipe.training.epochs
    head = (
        f"# Parameters found by `kedro run --pipeline tune`. Study {config.study}, {config.trials} trainings of "
        f"{epochs} epochs.\n# Parameters with the same value as in the environment of that run are left out.\n"
    )
    return head + (yaml.safe_dump(nested, sort_keys=False) if nested else "{}\n")
