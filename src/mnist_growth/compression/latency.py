"""The time that one image takes, with the fastest backend of this machine."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mnist_growth import export
from mnist_growth.machine import vector_instructions
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
    backends = dict(_backends(trained))
    times = {name: float("inf") for name in backends}
    for _ in range(_ROUNDS):
        for name, answer in backends.items():
            answer(image)
            started = time.perf_counter()
            for _ in range(calls):
                answer(image)
            times[name] = min(times[name], (time.perf_counter() - started) / calls)
    best = min(times, key=lambda name: times[name])
    return Latency(best, 1e3 * times[best])


def _backends(trained: TrainedNetwork) -> Iterator[tuple[str, Callable[[NDArray[np.uint8]], Any]]]:
    """Yield the backends that compute the network, with the function from an image to logits."""
    network, chain = trained.network, trained.network.affine_chain()
    logits = network if chain is None else FoldedChain(chain)

    def eager(image: NDArray[np.uint8]) -> torch.Tensor:
        with torch.inference_mode():
            answer: torch.Tensor = logits(torch.from_numpy(image).float())
        return answer

    yield "torch", eager
    origin = export.origin_of(trained)
    models = {}
    integers = network.integer_chain()
    if integers is not None and ("VNNI" in vector_instructions() or not export.may_saturate(integers)):
        models["int8"] = export.integer_model(integers, origin)
    if chain is not None:
        models["onnx"] = export.float_model(network, origin)
    for name, model in models.items():
        yield name, export.OnnxNetwork.of(model, threads=1).predict_logits
