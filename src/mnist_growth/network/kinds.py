"""The kinds of networks, by name."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from mnist_growth.digits.statistics import PixelStatistics

if TYPE_CHECKING:
    from mnist_growth.network.interface import Network
    from mnist_growth.network.spec import NetworkConfig, NetworkSpec

_KINDS: dict[str, "NetworkKind"] = {}


@dataclass(frozen=True)
class NetworkKind:
    """One kind of network.

    Attributes:
        name: Value of ``kind`` in its configuration and spec.
        config: What a user chooses.
        spec: What is needed to build it.
        build: Makes a network from a spec of this kind; arguments as those of ``build``.
        is_trained: Whether a training can start with it; if not, it is made from a trained network of another kind.
    """

    name: str
    config: "type[NetworkConfig]"
    spec: "type[NetworkSpec]"
    build: "Callable[[Any, PixelStatistics, torch.Generator | None], Network]"
    is_trained: bool = True


def register_kind(kind: NetworkKind) -> None:
    """Make a kind of network known to parameters, files and checkpoints.

    Raises:
        ValueError: Another kind has this name.
    """
    if _KINDS.get(kind.name, kind) != kind:
        raise ValueError(f"There is already a network kind {kind.name!r}: choose another name")
    _KINDS[kind.name] = kind


def registered_kinds() -> tuple[NetworkKind, ...]:
    """Return all kinds, by name: the order does not depend on that of the imports."""
    return tuple(kind for _, kind in sorted(_KINDS.items()))


def kind_named(name: str) -> NetworkKind:
    """Return the kind of this name.

    Raises:
        ValueError: There is none; lists those that there are.
    """
    if not isinstance(name, str) or name not in _KINDS:  # from a file, it may be anything
        close = difflib.get_close_matches(str(name), _KINDS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(sorted(_KINDS))}"
        raise ValueError(f"There is no network kind {name!r}; {hint}")
    return _KINDS[name]
