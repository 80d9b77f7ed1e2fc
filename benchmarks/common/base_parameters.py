"""The parameters of conf/base for benchmarks that need no Kedro run."""

import functools
from typing import Any, TypeVar

from pydantic import BaseModel

from benchmarks.common.paths import PROJECT
from mnist_growth.configuration import configure, load_parameters
from mnist_growth.nested import merge

Model = TypeVar("Model", bound=BaseModel)


@functools.cache
def _base() -> dict[str, Any]:
    return load_parameters(PROJECT / "conf")


def base_with(**changes: Any) -> dict[str, Any]:
    """Return the parameters of conf/base, nested by group.

    Args:
        changes: Parameters that replace those of conf/base, nested in the same way.
    """
    return merge(_base(), changes)


def from_base(kind: type[Model], group: str, **changes: Any) -> Model:
    """Make the model of a group with the values of conf/base.

    Args:
        kind: Class of the model.
        group: Name of the group.
        changes: Parameters that replace those of conf/base, nested as in the group.
    """
    return configure(kind, _base()[group], changes)
