"""Backends: they map images to probabilities."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mnist_growth.export import OnnxNetwork
from mnist_growth.network import FoldedChain, Network
from mnist_growth.network.probabilities import softmax


class Predictor(Protocol):
    """A network in any backend; thread-safe."""

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return probabilities, float32 [N, 10], of prepared images, uint8 [N, 28, 28], N >= 0."""


class TorchPredictor:
    """A network in torch.

    A chain of affine maps and relu is computed with its normalisations folded into its matrices, one affine map and one
    relu per layer; its logits differ from the network's by rounding only. Other networks are computed as they are.

    Args:
        network: Network in evaluation mode; it is not changed.
    """

    def __init__(self, network: Network) -> None:
        chain = network.affine_chain()
        self.logits: Callable[[Tensor], Tensor] = network if chain is None else FoldedChain(chain)
        """Maps grey values, float32 [N, 28, 28], to logits, float32 [N, 10]; can be differentiated."""

    @torch.inference_mode()
    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return probabilities, float32 [N, 10], of images, uint8 [N, 28, 28]."""
        pixels = torch.from_numpy(images.astype(np.float32))
        probabilities: NDArray[np.float32] = torch.softmax(self.logits(pixels), dim=1).numpy()
        return probabilities


class OnnxPredictor:
    """An exported network in onnxruntime, float32 or int8.

    Args:
        network: The exported network.
    """

    def __init__(self, network: OnnxNetwork) -> None:
        self._network = network

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return probabilities, float32 [N, 10], of images, uint8 [N, 28, 28]."""
        return softmax(self._network.predict_logits(images))
