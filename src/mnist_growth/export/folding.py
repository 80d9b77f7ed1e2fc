"""A trained network as a chain of affine maps: what is constant after training is multiplied into the weights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mnist_growth.network import GrowingMLP
from mnist_growth.network.mlp import PIXEL_RANGE, HiddenLayer


@dataclass(frozen=True, eq=False)
class AffineLayer:
    """W x + b.

    Attributes:
        weight: W, float64 of shape [fan_out, fan_in].
        bias: b, float64 of shape [fan_out].
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]


def fold(network: GrowingMLP) -> list[AffineLayer]:
    """Return the affine maps between which only relu is left, computed in float64.

    With its running statistics, batch norm is the affine map y = g (x - m) + s, g = weight / sqrt(variance + eps)
    (Ioffe and Szegedy 2015, algorithm 2, step 11), and normalising the pixels is one as well. The first layer takes
    raw grey values, 0 to 255; the last one gives the logits.

    Args:
        network: Any; it is read as in evaluation mode and not changed.
    """
    layers = [_hidden(layer) for layer in network.hidden if isinstance(layer, HiddenLayer)]
    layers.append(AffineLayer(_array(network.output.weight), _array(network.output.bias)))
    mean, std = float(network.pixel_mean.double()), float(network.pixel_std.double())
    first = layers[0]
    layers[0] = AffineLayer(first.weight / (PIXEL_RANGE * std), first.bias - first.weight.sum(axis=1) * mean / std)
    return layers


def _hidden(layer: HiddenLayer) -> AffineLayer:
    """The affine map of a hidden layer, batch norm included."""
    weight = _array(layer.linear.weight)
    norm = layer.norm
    if norm is None:
        return AffineLayer(weight, _array(layer.linear.bias))
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
    return AffineLayer(weight * gain[:, np.newaxis], _array(norm.bias) - gain * _array(norm.running_mean))


def _array(tensor: Tensor) -> NDArray[np.float64]:
    """A tensor in float64."""
    return np.asarray(tensor.detach().cpu().double().numpy())
