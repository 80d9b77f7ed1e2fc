"""A Kedro project whose network grows while it learns handwritten digits, and the library below it.

The names listed here are the public API; everything else is reached through its package. They are imported when they
are first used, so that a command does not wait for libraries that it does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_growth.api import mlp, predict, widen
    from mnist_growth.digits import sample_digits
    from mnist_growth.growth import Probe, deepen
    from mnist_growth.learning import GrowingAdamW
    from mnist_growth.network import (
        Network,
        TrainedNetwork,
        build,
        load_network,
        predict_logits,
        save_network,
    )

__version__ = "0.1.0"

_HOMES = {
    "GrowingAdamW": "learning",
    "Network": "network",
    "Probe": "growth",
    "TrainedNetwork": "network",
    "build": "network",
    "deepen": "growth",
    "load_network": "network",
    "mlp": "api",
    "predict": "api",
    "predict_logits": "network",
    "sample_digits": "digits",
    "save_network": "network",
    "widen": "api",
}

__all__ = [
    "GrowingAdamW",
    "Network",
    "Probe",
    "TrainedNetwork",
    "build",
    "deepen",
    "load_network",
    "mlp",
    "predict",
    "predict_logits",
    "sample_digits",
    "save_network",
    "widen",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
