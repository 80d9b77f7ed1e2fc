"""The time that one image takes, with the fastest backend of this machine."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mnist_growth import export
from mnist_growth.network import FoldedChain, TrainedNetwork

_ROUNDS = 5  # each backend in turn; the fastest round counts, which other work on the machine disturbed least


@dataclass(frozen=True)
class Latency:
    """The time of one image.

    Attributes:
        backend: The fastest one: "torch", "onnx" or "int8".
        milliseconds: Mean over the calls of its fastest round.
    """

    backend: str
    milliseconds: float


def fastest_backend(trained: TrainedNetwork, image: NDArray[np.uint8], calls: int) -> Latency:
    """Return the fastest backend for one image, and its time.

    Args:
        trained: The network.
        image: uint8 [1, 28, 28].
        calls: Number of calls per round.
    """
    times = latencies(_backends(trained), image, calls)
    best = min(times, key=lambda name: times[name])
    return Latency(best, times[best])


def latencies(
    backends: Mapping[str, Callable[[NDArray[np.uint8]], Any]], image: NDArray[np.uint8], calls: int
) -> dict[str, float]:
    """Return the time of one image with each backend in milliseconds: the mean over the calls of its fastest round.

    Args:
        backends: Functions from images to logits, by name; they are called in turn.
        image: uint8 [1, 28, 28].
        calls: Number of calls per round.
    """
    times = dict.fromkeys(backends, float("inf"))
    for _ in range(_ROUNDS):
        for name, answer in backends.items():
            answer(image)
            started = time.perf_counter()
            for _ in range(calls):
                answer(image)
            times[name] = min(times[name], 1e3 * (time.perf_counter() - started) / calls)
    return times


def eager(logits: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[NDArray[np.uint8]], torch.Tensor]:
    """Return the function from images, uint8 [N, 28, 28], to the logits that torch computes without compiling."""

    def answer(images: NDArray[np.uint8]) -> torch.Tensor:
        with torch.inference_mode():
            return logits(torch.from_numpy(images).float())

    return answer


def _backends(trained: TrainedNetwork) -> dict[str, Callable[[NDArray[np.uint8]], Any]]:
    """Return the backends that compute the network correctly on this processor."""
    network, chain = trained.network, trained.network.affine_chain()
    origin, models = export.origin_of(trained), {}
    if (integer_model := export.exact_integer_model(trained)) is not None:
        models["int8"] = integer_model
    if chain is not None:
        models["onnx"] = export.float_model(network, origin)
    return {
        "torch": eager(network if chain is None else FoldedChain(chain)),
        **{name: export.OnnxNetwork.of(model, threads=1).predict_logits for name, model in models.items()},
    }
