"""The multilayer perceptron that grows."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from mnist_growth.digits.digits import NUM_CLASSES
from mnist_growth.digits.statistics import MNIST_PIXELS, PixelStatistics
from mnist_growth.network.costs import LayerCost
from mnist_growth.network.hidden_layer import HiddenLayer, chain_of_groups
from mnist_growth.network.insertion import name_after_insertion
from mnist_growth.network.interface import PIXEL_RANGE, PIXELS, AffineLayer, Network
from mnist_growth.network.kinds import NetworkKind, register_kind
from mnist_growth.network.recording import record
from mnist_growth.network.spec import NetworkConfig, NetworkSpec, Width
from mnist_growth.network.units import UnitGroup


class MLPSpec(NetworkSpec):
    """A multilayer perceptron."""

    kind: Literal["mlp"] = "mlp"
    hidden_widths: Annotated[tuple[Width, ...], Field(min_length=1)]
    batch_norm: bool

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return self.hidden_widths

    @property
    def min_batch_size(self) -> int:
        """Batch norm needs two images to measure a variance."""
        return 2 if self.batch_norm else 1

    def with_widths(self, widths: Sequence[int]) -> Self:
        """Return a perceptron with as many hidden layers as there are widths."""
        return self.model_copy(update={"hidden_widths": tuple(widths)})

    def costs(self) -> tuple[LayerCost, ...]:
        """Return the cost of each affine map.

        A hidden layer keeps its sums before batch norm and its outputs for the backward pass, the first layer also the
        pixels; the output layer keeps the logits and their log-softmax.
        """
        costs = []
        for layer, (fan_in, fan_out) in enumerate(pairwise([PIXELS, *self.hidden_widths, self.classes]), start=1):
            is_output = layer > len(self.hidden_widths)
            kept_per_unit = 2 if self.batch_norm or is_output else 1
            costs.append(
                LayerCost.of(
                    layer,
                    "output" if is_output else f"hidden {layer}",
                    fan_in,
                    fan_out,
                    parameters=(fan_in + (2 if self.batch_norm and not is_output else 1)) * fan_out,
                    multiply_adds=fan_in * fan_out,
                    activations=kept_per_unit * fan_out + (PIXELS if layer == 1 else 0),
                )
            )
        return tuple(costs)


class MLPConfig(NetworkConfig):
    """Architecture of a multilayer perceptron.

    Attributes:
        hidden_layers: Number of hidden layers.
        batch_norm: Whether hidden layers are normalised over the batch.
    """

    kind: Literal["mlp"]
    hidden_layers: Annotated[int, Field(ge=1, le=16)]
    batch_norm: bool

    def spec(self, neurons: int) -> MLPSpec:
        """Return a perceptron whose hidden layers have ``neurons`` units each."""
        return MLPSpec(hidden_widths=(neurons,) * self.hidden_layers, batch_norm=self.batch_norm)


class GrowingMLP(Network):
    """A multilayer perceptron on 28 x 28 images whose hidden layers can be widened.

    Args:
        widths: Units of each hidden layer.
        batch_norm: Normalise each hidden layer (Ioffe and Szegedy 2015); its shift then replaces the bias.
        pixel_mean: Mean of the training pixels on the 0-1 scale.
        pixel_std: Standard deviation of the training pixels on the 0-1 scale.
        classes: Number of classes.
        generator: Source of the initial weights; torch's global one if None.

    Raises:
        ValueError: A width is below 1, or there is no hidden layer.
    """

    def __init__(
        self,
        widths: Sequence[int],
        *,
        batch_norm: bool = True,
        pixel_mean: float = MNIST_PIXELS.mean,
        pixel_std: float = MNIST_PIXELS.std,
        classes: int = NUM_CLASSES,
        generator: torch.Generator | None = None,
    ) -> None:
        if not widths or min(widths) < 1:
            raise ValueError(f"The hidden widths are {list(widths)}; expected at least one, each at least 1")
        super().__init__(PixelStatistics(pixel_mean, pixel_std, count=0))
        fan_ins = [PIXELS, *widths[:-1]]
        self.batch_norm = batch_norm
        self.hidden = nn.ModuleList(
            HiddenLayer(fan_in, width, batch_norm=batch_norm) for fan_in, width in zip(fan_ins, widths, strict=True)
        )
        self.output = nn.Linear(widths[-1], classes)
        for layer in self.linear_layers():
            nn.init.uniform_(layer.weight, -(layer.in_features**-0.5), layer.in_features**-0.5, generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    @property
    def spec(self) -> MLPSpec:
        """Widths of the hidden layers, whether they are normalised, and the number of classes."""
        widths = tuple(layer.out_features for layer in self.linear_layers()[:-1])
        return MLPSpec(hidden_widths=widths, batch_norm=self.batch_norm, classes=self.output.out_features)

    def linear_layers(self) -> list[nn.Linear]:
        """Return the affine maps from the pixels to the logits, in order; the last one is the output."""
        hidden = [layer.linear for layer in self.hidden if isinstance(layer, HiddenLayer)]
        return [*hidden, self.output]

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float [N, C], of images, uint8 or float [N, 28, 28], with grey values from 0 to 255."""
        activations = self.normalised(images)
        for layer in self.hidden:
            activations = layer(activations)
        logits: Tensor = self.output(activations)
        return logits

    def unit_groups(self) -> tuple[UnitGroup, ...]:
        """Return one group for each hidden layer."""
        return chain_of_groups(self.hidden, "output.weight")

    def affine_chain(self) -> tuple[AffineLayer, ...]:
        """Return the affine maps between which only relu is left, computed in float64.

        With its running statistics, batch norm is the affine map y = g (x - m) + s, g = weight / sqrt(variance + eps)
        (Ioffe and Szegedy 2015, algorithm 2, step 11), and normalising the pixels is one as well. The first layer
        takes raw grey values, 0 to 255; the last one gives the logits.
        """
        layers = [_folded(layer) for layer in self.hidden if isinstance(layer, HiddenLayer)]
        layers.append(AffineLayer(_array(self.output.weight), _array(self.output.bias)))
        mean, std = float(self.pixel_mean.double()), float(self.pixel_std.double())
        first = layers[0]
        layers[0] = AffineLayer(first.weight / (PIXEL_RANGE * std), first.bias - first.weight.sum(axis=1) * mean / std)
        return tuple(layers)

    @torch.no_grad()
    def with_identity_layer(self, after: int, images: Tensor) -> "tuple[GrowingMLP, Mapping[str, str]]":
        """Return a copy with a hidden layer that computes the identity (Net2DeeperNet: Chen et al. 2016, section 2.3).

        The new layer has identity weights and as many units as the layer before it, whose outputs are not negative:
        relu leaves them unchanged. Batch norm is undone: with mean m and variance v of those outputs on ``images``, the
        running statistics are m and v, the scale is sqrt(v + eps) and the shift m. In evaluation mode the function is
        preserved exactly, whatever the images; in training mode as far as the statistics of a batch equal those of
        ``images``, so give several hundred training images.

        Args:
            after: Zero-based index of the hidden layer that the new one follows.
            images: uint8 or float [N, 28, 28], on the device of the network; used with batch norm only.

        Raises:
            IndexError: There is no hidden layer ``after``.
        """
        if not 0 <= after < len(self.hidden):
            raise IndexError(
                f"There is no hidden layer {after} to insert one after; the last one is {len(self.hidden) - 1}"
            )
        widths = list(self.widths)
        widths.insert(after + 1, widths[after])
        deeper = GrowingMLP(widths, batch_norm=self.batch_norm, classes=self.classes, generator=torch.Generator())
        deeper = deeper.to(self.output.weight).train(self.training)
        names = {name: name_after_insertion(name, "hidden", after + 1) for name in self.state_dict()}
        deeper.load_state_dict({names[name]: tensor for name, tensor in self.state_dict().items()}, strict=False)
        layer = deeper.hidden[after + 1]
        assert isinstance(layer, HiddenLayer)
        nn.init.eye_(layer.linear.weight)
        if layer.norm is not None:
            with record(self, outputs=[f"hidden.{after}"]) as recorded:
                self(images)
            outputs = recorded.outputs[f"hidden.{after}"]
            mean, variance = outputs.mean(0), outputs.var(0, correction=0)
            assert layer.norm.running_mean is not None
            assert layer.norm.running_var is not None
            layer.norm.running_mean.copy_(mean)
            layer.norm.running_var.copy_(variance)
            layer.norm.weight.copy_((variance + layer.norm.eps).sqrt())
            layer.norm.bias.copy_(mean)
        return deeper, names


def _build(spec: MLPSpec, pixels: PixelStatistics, generator: torch.Generator | None) -> GrowingMLP:
    return GrowingMLP(
        spec.hidden_widths,
        batch_norm=spec.batch_norm,
        pixel_mean=pixels.mean,
        pixel_std=pixels.std,
        classes=spec.classes,
        generator=generator,
    )


register_kind(NetworkKind("mlp", MLPConfig, MLPSpec, _build))


def _folded(layer: HiddenLayer) -> AffineLayer:
    """Return the affine map of a hidden layer, batch norm included."""
    weight = _array(layer.linear.weight)
    norm = layer.norm
    if norm is None:
        return AffineLayer(weight, _array(layer.linear.bias))
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
    return AffineLayer(weight * gain[:, np.newaxis], _array(norm.bias) - gain * _array(norm.running_mean))


def _array(tensor: Tensor) -> NDArray[np.float64]:
    """Return a tensor as an array of float64."""
    return np.asarray(tensor.detach().cpu().double().numpy())
