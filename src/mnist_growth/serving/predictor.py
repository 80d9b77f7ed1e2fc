"""What answers: images in, probabilities out."""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mnist_growth.export import OnnxNetwork, fold
from mnist_growth.network import GrowingMLP
from mnist_growth.network.mlp import PIXELS
from mnist_growth.network.probabilities import softmax


class Predictor(Protocol):
    """A network ready to answer, whatever computes it. Safe to be called by several threads at once."""

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities float32 [N, 10], each row of sum 1, of images uint8 [N, 28, 28] in MNIST form, N >= 0."""


class TorchPredictor:
    """A network in torch, with its normalisations folded into its matrices: one affine map and one relu per layer.

    Logits differ from the network's by rounding only.

    Args:
        network: what to answer with; it is not kept.
    """

    def __init__(self, network: GrowingMLP) -> None:
        self._layers = [
            (torch.from_numpy(layer.weight.T.astype(np.float32, order="C")), torch.from_numpy(layer.bias).float())
            for layer in fold(network)
        ]

    @torch.inference_mode()
    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities float32 [N, 10] of images uint8 [N, 28, 28]."""
        pixels = images.reshape(-1, PIXELS).astype(np.float32)
        probabilities: NDArray[np.float32] = torch.softmax(self.logits(torch.from_numpy(pixels)), dim=1).numpy()
        return probabilities

    def logits(self, pixels: Tensor) -> Tensor:
        """Logits float32 [N, 10] of pixels float32 [N, 784], 0 to 255; they can be differentiated."""
        activations = pixels
        for weight, bias in self._layers[:-1]:
            activations = torch.addmm(bias, activations, weight).relu_()
        weight, bias = self._layers[-1]
        return torch.addmm(bias, activations, weight)


class OnnxPredictor:
    """An exported network in onnxruntime, float32 or int8.

    Args:
        network: Loaded from its file.
    """

    def __init__(self, network: OnnxNetwork) -> None:
        self._network = network

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities float32 [N, 10] of images uint8 [N, 28, 28]."""
        return softmax(self._network.predict_logits(images))
