"""A classifier that separates training digits from other images, for one network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from mnist_growth.network import TrainedNetwork, check_header, load_tensors, save_tensors
from mnist_growth.novelty.features import Features

KIND = "novelty detector"


@dataclass(frozen=True, eq=False)
class NoveltyDetector:
    """Scores the features of images.

    Attributes:
        network_sha256: SHA-256 (hex) of the weights of the network whose features it scores.
        dataset: Name of the data set of the network.
        center: Mean of the features of training digits, float32 [D].
        scale: Factor that the centred features are multiplied with, float32 scalar.
        layers: Weights [out, in] and biases [out] of a perceptron with one output, float32; positive outputs stand for
            images unlike the training digits.
        quantiles: Outputs for validation digits, ascending, float32 [Q].
    """

    network_sha256: str
    dataset: str
    center: Tensor
    scale: Tensor
    layers: tuple[tuple[Tensor, Tensor], ...]
    quantiles: Tensor

    @torch.inference_mode()
    def score(self, features: Tensor) -> NDArray[np.float64]:
        """Return the novelty of images: the fraction of validation digits that look more like training digits.

        Args:
            features: Result of ``Features``, float32 [N, D].

        Returns:
            float64 [N], 0 to 1. Of new digits, a fraction p has a novelty above 1 - p.
        """
        outputs = raw_scores(self.layers, (features - self.center) * self.scale)
        below = torch.searchsorted(self.quantiles, outputs.contiguous())
        fractions: NDArray[np.float64] = below.double().numpy() / len(self.quantiles)
        return fractions


def novelty_of(trained: TrainedNetwork, detector: NoveltyDetector) -> "NoveltyScore":
    """Return a function that scores images.

    Args:
        trained: The network.
        detector: Its novelty detector.

    Raises:
        ValueError: The detector belongs to another network.
    """
    if detector.network_sha256 != trained.sha256:
        raise ValueError(
            "The novelty detector belongs to another network: create one with `kedro run --pipeline novelty`"
        )
    features = Features(trained.network)
    return lambda images: detector.score(features(images))


NoveltyScore = Callable[[NDArray[np.uint8]], NDArray[np.float64]]
"""Maps prepared images, uint8 [N, 28, 28], N >= 1, to their novelty, float64 [N], 0 to 1."""


def raw_scores(layers: Sequence[tuple[Tensor, Tensor]], inputs: Tensor) -> Tensor:
    """Return the output, float32 [N], of a perceptron with relu between its layers, for inputs [N, D]."""
    outputs = inputs
    for index, (weight, bias) in enumerate(layers):
        outputs = nn.functional.linear(outputs if index == 0 else outputs.relu(), weight, bias)
    return outputs.squeeze(1)


class _Header(BaseModel):
    """Content of the header of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network_sha256: str
    dataset: str
    layers: int


def save_detector(path: str | Path, detector: NoveltyDetector) -> None:
    """Write a detector, atomically.

    Raises:
        OSError: The file cannot be written.
    """
    tensors = {"center": detector.center, "scale": detector.scale, "quantiles": detector.quantiles}
    for index, (weight, bias) in enumerate(detector.layers):
        tensors |= {f"layers.{index}.weight": weight, f"layers.{index}.bias": bias}
    header = _Header(
        network_sha256=detector.network_sha256, dataset=detector.dataset, layers=len(detector.layers)
    ).model_dump()
    save_tensors(path, KIND, tensors, header)


def load_detector(path: str | Path) -> NoveltyDetector:
    """Read a file that ``save_detector`` wrote.

    Raises:
        ValueError: The file is damaged.
        OSError: The file cannot be read.
    """
    tensors, content = load_tensors(path, KIND)
    try:
        header = check_header(content, _Header)
        layers = tuple(
            (tensors[f"layers.{index}.weight"], tensors[f"layers.{index}.bias"]) for index in range(header.layers)
        )
        return NoveltyDetector(
            header.network_sha256, header.dataset, tensors["center"], tensors["scale"], layers, tensors["quantiles"]
        )
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path} is not a complete novelty detector ({error}): delete this version") from error
