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


def merge(tree: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of nested mappings with some of the leaves replaced.

    `{"training": {"epochs": 3}}` changes one parameter of the group and keeps the others.

    Args:
        tree: Values and mappings by name.
        changes: Values that replace those of `tree`, nested in the same way.
    """
    merged = dict(tree)
    for name, value in changes.items():
        old = merged.get(name)
        merged[name] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
