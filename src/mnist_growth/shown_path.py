"""Paths of the user's files as they are recorded: without the folders of the machine, which may be private."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnist_growth.nested import flatten, merge

_PATHS = ("active.folder", "archive.path", "predict.folder")
"""Parameters that are paths of the user's files."""


def shown_path(path: str | Path) -> str:
    """Return a path relative to the current folder; only its name if it is elsewhere."""
    absolute, here = Path(path).expanduser().absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else absolute.name


def with_shown_paths(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters, nested by group, with the paths of the user's files as `shown_path` gives them."""
    values = flatten(parameters)
    shown: dict[str, Any] = {}
    for name in _PATHS:
        group, _, last = name.partition(".")
        if isinstance(values.get(name), str):
            shown.setdefault(group, {})[last] = shown_path(values[name])
    return merge(parameters, shown)
