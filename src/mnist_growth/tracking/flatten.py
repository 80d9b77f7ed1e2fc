"""Flat names and plain numbers, as MLflow wants them."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from pydantic import BaseModel


def flatten(parameters: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested parameters under dotted names: {"training": {"epochs": 3}} gives {"training.epochs": "3"}.

    Pydantic models count as mappings.
    """
    flat: dict[str, str] = {}
    for name, value in parameters.items():
        content = value.model_dump() if isinstance(value, BaseModel) else value
        if isinstance(content, Mapping) and content:
            flat |= flatten(content, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = str(content)
    return flat


def numbers_of(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a row, truth values as 0 and 1; everything else is left out."""
    return {name: float(value) for name, value in row.items() if isinstance(value, Real | np.bool_)}
