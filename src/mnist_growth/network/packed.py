"""The multilayer perceptron with quantised weights, which its file holds as packed integers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor, nn

from mnist_growth.digits.statistics import PixelStatistics
from mnist_growth.network.costs import LayerCost
from mnist_growth.network.interface import PIXEL_RANGE, PIXELS, AffineLayer, IntegerLayer, Network
from mnist_growth.network.kinds import NetworkKind, register_kind
from mnist_growth.network.mlp import MLPSpec
from mnist_growth.network.packed_layer import PackedLinear, QuantisedLayer, WeightBits, quantise_activations
from mnist_growth.network.packing import encode
from mnist_growth.network.spec import NetworkConfig, NetworkSpec, Width
from mnist_growth.network.units import UnitAxis, UnitGroup

_Bytes = Annotated[int, Field(ge=0, le=2**31)]


class PackedSpec(NetworkSpec):
    """A multilayer perceptron with quantised weights.

    Attributes:
        hidden_widths: Units of each hidden layer.
        weight_bits: Of each layer, from the input to the output.
        activation_bits: Bits of the outputs of hidden layers; None where they are not quantised.
        kept_weights: Number of weights of each layer that are not zero.
        code_bytes: Size of the packed codes of each layer.
        mask_bytes: Size of the mask of the weights that are not zero, of each layer; 0 for a layer that stores all.
    """

    kind: Literal["packed"] = "packed"
    hidden_widths: Annotated[tuple[Width, ...], Field(min_length=1)]
    weight_bits: tuple[WeightBits, ...]
    activation_bits: Literal[8] | None
    kept_weights: tuple[_Bytes, ...]
    code_bytes: tuple[_Bytes, ...]
    mask_bytes: tuple[_Bytes, ...]

    @model_validator(mode="after")
    def _one_of_each_layer(self) -> Self:
        for name in ("weight_bits", "kept_weights", "code_bytes", "mask_bytes"):
            if len(getattr(self, name)) != len(self.hidden_widths) + 1:
                raise ValueError(
                    f"{name} has {len(getattr(self, name))} entries for {len(self.hidden_widths) + 1} layers"
                )
        return self

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return self.hidden_widths

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Outputs and inputs of each layer."""
        return tuple((outputs, inputs) for inputs, outputs in pairwise([PIXELS, *self.hidden_widths, self.classes]))

    @property
    def untrained(self) -> MLPSpec:
        """A perceptron of the same widths with float weights."""
        return MLPSpec(hidden_widths=self.hidden_widths, batch_norm=False, classes=self.classes)

    def with_widths(self, widths: Sequence[int]) -> Self:
        """Return the same network if the widths are the same.

        Raises:
            ValueError: They are not: quantised weights cannot be widened.
        """
        if tuple(widths) != self.hidden_widths:
            raise ValueError(f"A packed network has the widths {list(self.hidden_widths)}, which cannot be changed")
        return self

    def costs(self) -> tuple[LayerCost, ...]:
        """Return the cost of each layer; weights that are zero are not counted as parameters or multiply-adds."""
        return tuple(
            LayerCost.of(
                layer,
                "output" if layer == len(self.shapes) else f"hidden {layer}",
                inputs,
                outputs,
                parameters=kept + outputs,
                multiply_adds=kept,
                activations=outputs + (PIXELS if layer == 1 else 0),
            )
            for layer, ((outputs, inputs), kept) in enumerate(zip(self.shapes, self.kept_weights, strict=True), start=1)
        )


class PackedConfig(NetworkConfig):
    """Refuses to train a packed network from random weights."""

    kind: Literal["packed"]

    @model_validator(mode="after")
    def _is_not_trained(self) -> Self:
        raise ValueError(
            "Parameter 'network.kind' is 'packed', but such networks are made from trained ones: train a network of "
            "another kind, and run `kedro run --pipeline compress`."
        )


class PackedMLP(Network):
    """A multilayer perceptron without normalisations whose weights, and perhaps activations, are quantised.

    It computes with the values that the integers stand for. The gradient with respect to the images passes rounding
    unchanged (straight-through: Bengio et al. 2013) where an activation is not clipped.

    Args:
        spec: Sizes, bits and sizes in bytes.
        pixels: Mean and standard deviation of the training pixels.
    """

    activation_steps: Tensor

    def __init__(self, spec: PackedSpec, pixels: PixelStatistics) -> None:
        super().__init__(pixels)
        self._spec = spec
        layers = zip(spec.shapes, spec.weight_bits, spec.code_bytes, spec.mask_bytes, strict=True)
        self.layers = nn.ModuleList(PackedLinear(*layer) for layer in layers)
        if spec.activation_bits is not None:
            self.register_buffer("activation_steps", torch.ones(len(spec.widths)))

    @classmethod
    def of(
        cls, layers: Sequence[QuantisedLayer], activation_steps: NDArray[np.float32] | None, pixels: PixelStatistics
    ) -> Self:
        """Return the network of quantised layers, in evaluation mode.

        Args:
            layers: From normalised pixels to logits.
            activation_steps: Step of the outputs of each hidden layer, float32 [L]; None where they are not quantised.
            pixels: Mean and standard deviation of the training pixels.
        """
        encoded = [encode(layer.codes, layer.bits) for layer in layers]
        spec = PackedSpec(
            classes=len(layers[-1].bias),
            hidden_widths=tuple(len(layer.bias) for layer in layers[:-1]),
            weight_bits=tuple(layer.bits for layer in layers),
            activation_bits=None if activation_steps is None else 8,
            kept_weights=tuple(int(np.count_nonzero(layer.codes)) for layer in layers),
            code_bytes=tuple(len(codes) for codes, _ in encoded),
            mask_bytes=tuple(len(mask) for _, mask in encoded),
        )
        network = cls(spec, pixels)
        state = {"pixel_mean": network.pixel_mean, "pixel_std": network.pixel_std}
        for index, (layer, (codes, mask)) in enumerate(zip(layers, encoded, strict=True)):
            state[f"layers.{index}.codes"] = torch.tensor(list(codes), dtype=torch.uint8)
            state[f"layers.{index}.mask"] = torch.tensor(list(mask), dtype=torch.uint8)
            state[f"layers.{index}.steps"] = torch.from_numpy(layer.steps)
            state[f"layers.{index}.bias"] = torch.from_numpy(layer.bias)
        if activation_steps is not None:
            state["activation_steps"] = torch.from_numpy(activation_steps)
        network.load_state_dict(state)
        return network.eval().requires_grad_(False)

    @property
    def spec(self) -> PackedSpec:
        """Widths, bits and sizes in bytes."""
        return self._spec

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float [N, C], of images, uint8 or float [N, 28, 28], with grey values from 0 to 255."""
        activations = self.normalised(images)
        *hidden, output = self.layers
        for index, layer in enumerate(hidden):
            activations = torch.relu(layer(activations))
            if self._spec.activation_bits is not None:
                activations = quantise_activations(activations, self.activation_steps[index])
        logits: Tensor = output(activations)
        return logits

    def unit_groups(self) -> tuple[UnitGroup, ...]:
        """Return one group for each hidden layer; its axes are those of the decoded weights."""
        return tuple(
            UnitGroup(
                f"layers.{index}",
                size,
                (
                    UnitAxis(f"layers.{index}.weight", 0, "incoming"),
                    UnitAxis(f"layers.{index}.bias", 0, "bias"),
                    UnitAxis(f"layers.{index + 1}.weight", 1, "outgoing"),
                ),
            )
            for index, size in enumerate(self.widths)
        )

    def affine_chain(self) -> tuple[AffineLayer, ...] | None:
        """Return the affine maps of decoded weights; None where activations are quantised."""
        if self._spec.activation_bits is not None:
            return None
        return tuple(
            AffineLayer(layer.codes * layer.steps[:, None], layer.bias)
            for layer in self._integer_layers([1.0] * len(self.layers))
        )

    def integer_chain(self) -> tuple[IntegerLayer, ...] | None:
        """Return the layers as integers; None where activations are not quantised."""
        if self._spec.activation_bits is None:
            return None
        return self._integer_layers([1.0, *self.activation_steps.double().tolist()])

    def _integer_layers(self, input_steps: Sequence[float]) -> tuple[IntegerLayer, ...]:
        """Return the layers, the first of which takes raw grey values."""
        found = []
        mean, std = float(self.pixel_mean.double()), float(self.pixel_std.double())
        for index, (layer, input_step) in enumerate(zip(self.layers, input_steps, strict=True)):
            assert isinstance(layer, PackedLinear)
            codes, steps, bias = layer.integers(), layer.steps.double().numpy(), layer.bias.detach().double().numpy()
            if index == 0:
                bias = bias - codes.sum(axis=1, dtype=np.int64) * steps * mean / std
                steps = steps / (PIXEL_RANGE * std)
            found.append(IntegerLayer(codes, steps, bias, input_step))
        return tuple(found)


def _build(spec: PackedSpec, pixels: PixelStatistics, generator: torch.Generator | None) -> PackedMLP:  # noqa: ARG001
    return PackedMLP(spec, pixels)


register_kind(NetworkKind("packed", PackedConfig, PackedSpec, _build, is_trained=False))
