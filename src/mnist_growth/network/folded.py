"""A chain of affine maps and relu with its normalisations folded into the matrices."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mnist_growth.network.interface import PIXELS, AffineLayer


class FoldedChain:
    """One affine map and one relu per layer, in float32; it can be differentiated.

    Args:
        layers: Result of ``Network.affine_chain``.
    """

    def __init__(self, layers: Sequence[AffineLayer]) -> None:
        self._layers = [
            (torch.from_numpy(layer.weight.T.astype(np.float32, order="C")), torch.from_numpy(layer.bias).float())
            for layer in layers
        ]

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return logits, float32 [N, 10], of grey values, float32 [N, 28, 28]."""
        return self.activations(pixels)[-1]

    def activations(self, pixels: Tensor) -> list[Tensor]:
        """Return the outputs of each hidden layer, float32 [N, width], and the logits, float32 [N, 10].

        Args:
            pixels: Grey values, float32 [N, 28, 28].
        """
        outputs = [pixels.reshape(-1, PIXELS)]
        for weight, bias in self._layers[:-1]:
            outputs.append(torch.addmm(bias, outputs[-1], weight).relu_())
        weight, bias = self._layers[-1]
        return [*outputs[1:], torch.addmm(bias, outputs[-1], weight)]
