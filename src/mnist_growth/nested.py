"""Nested mappings."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the leaves of nested mappings under dotted names.

    `{"training": {"epochs": 3}}` gives `{"training.epochs": 3}`. Pydantic models count as mappings; an empty mapping is
    a leaf.

    Args:
        tree: Values, mappings and pydantic models by name.
        prefix: Put in front of every name.
    """
    leaves: dict[str, Any] = {}
    for name, given in tree.items():
        value = given.model_dump() if isinstance(given, BaseModel) else given
        if isinstance(value, Mapping) and value:
            leaves |= flatten(value, f"{prefix}{name}.")
        else:
            leaves[f"{prefix}{name}"] = value
    return leaves
