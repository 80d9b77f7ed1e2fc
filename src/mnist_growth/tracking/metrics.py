"""Numbers under names that MLflow accepts as metrics."""

import re
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from mnist_growth.nested import flatten

CURVES = {
    "train_accuracy": "accuracy/train",
    "validation_accuracy": "accuracy/validation",
    "train_loss": "loss/train",
    "validation_loss": "loss/validation",
}
"""Metrics of an epoch that are logged under a second name: MLflow's page of a run shows its charts in sections, by the
part of their name before the slash, and `accuracy` and `loss` come first."""

_NOT_IN_A_NAME = re.compile(r"[^\w.\- ]")
_MAX_NAME_LENGTH = 250  # characters, MLflow's limit


def numbers_of(values: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Return the numbers in nested mappings under dotted names; booleans become 0 or 1, other values are left out.

    Args:
        values: Values and mappings by name.
        prefix: Put in front of every name.
    """
    return {
        _NOT_IN_A_NAME.sub("_", name)[:_MAX_NAME_LENGTH]: float(value)
        for name, value in flatten(values, prefix).items()
        if isinstance(value, Real | np.bool_)
    }
