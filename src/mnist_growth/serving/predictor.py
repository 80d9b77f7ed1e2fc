"""What answers: images in, probabilities out."""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_growth.network import GrowingMLP
from mnist_growth.network.mlp import PIXEL_RANGE, PIXELS


class Predictor(Protocol):
    """A network ready to answer, whatever computes it. Safe to be called by several threads at once."""

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities float32 [N, 10], each row of sum 1, of images uint8 [N, 28, 28] in MNIST form, N >= 0."""


class TorchPredictor:
    """A network in torch, with its normalisations folded into its matrices: one affine map and one relu per layer.

    The normalisation of the pixels is part of the first map; batch norm in evaluation mode is part of the map before
    it. Folding is done in float64, so logits differ from the network's by rounding only.

    Args:
        network: what to answer with; it is not kept.
    """

    def __init__(self, network: GrowingMLP) -> None:
        self._layers = folded_layers(network)

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


def folded_layers(network: GrowingMLP) -> list[tuple[Tensor, Tensor]]:
    """Weight float32 [fan_in, width] and bias float32 [width] of the affine maps that a network in evaluation mode is.

    relu goes between them; the first takes pixels from 0 to 255.
    """
    scale = 1 / (PIXEL_RANGE * network.pixel_std.double())
    shift = network.pixel_mean.double() / network.pixel_std.double()
    norms = [getattr(layer, "norm", None) for layer in network.hidden]
    folded: list[tuple[Tensor, Tensor]] = []
    for linear, norm in zip(network.linear_layers(), [*norms, None], strict=True):
        weight = linear.weight.detach().double()
        bias = torch.zeros(len(weight), dtype=torch.float64) if linear.bias is None else linear.bias.detach().double()
        if not folded:
            weight, bias = weight * scale, bias - weight.sum(1) * shift
        if isinstance(norm, nn.BatchNorm1d):
            assert norm.running_mean is not None
            assert norm.running_var is not None
            gain = norm.weight.detach().double() / (norm.running_var.double() + norm.eps).sqrt()
            weight, bias = weight * gain[:, None], (bias - norm.running_mean.double()) * gain + norm.bias.detach()
        folded.append((weight.T.contiguous().float(), bias.float()))
    return folded
