"""Quantisation of weights and activations, during a training and without one.

The quantiser is that of LSQ (Esser et al., "Learned step size quantization", ICLR 2020, equations 1 and 2): a weight w
becomes s round(clip(w / s, -Q, Q)) with a learned step s for each output unit. Rounding passes gradients unchanged
(straight-through), from which equation 3, the gradient of the step, follows.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_growth.network import (
    AffineLayer,
    GrowingMLP,
    Network,
    PackedMLP,
    QuantisedLayer,
    evaluation_mode,
    largest_code,
    quantise_activations,
)

OUTPUT_BITS = 8
"""Bits of the weights of the output layer, which is small and sensitive (Esser et al. 2020, section 2.3)."""

_FRACTIONS = np.linspace(0.05, 1.0, 60)  # of the step with which the largest weight of a row is not clipped


class QuantisationAwareMLP(GrowingMLP):
    """A multilayer perceptron without batch norm that computes with quantised weights and activations.

    The weights themselves stay float. Each step is the product of its initial value and a learned factor: Adam moves
    every parameter by about the learning rate, whatever the size of its gradient, so that the factor gives all steps
    the same relative speed. For the same reason the gradient scale of Esser et al. (section 2.2) has no effect here.

    Args:
        layers: From normalised pixels to logits.
        weight_bits: Of each layer.
        activation_bits: 8, or None for float activations.
        network: Gives the pixel statistics.
    """

    activation_factors: nn.Parameter
    first_activation_steps: Tensor

    def __init__(
        self,
        layers: Sequence[AffineLayer],
        weight_bits: Sequence[int],
        activation_bits: int | None,
        network: Network,
    ) -> None:
        pixels, widths = network.pixels, [len(layer.bias) for layer in layers]
        super().__init__(
            widths[:-1], batch_norm=False, pixel_mean=pixels.mean, pixel_std=pixels.std, classes=widths[-1]
        )
        self.weight_bits = tuple(weight_bits)
        self.activation_bits = activation_bits
        self.factors = nn.ParameterList(torch.ones(width) for width in widths)
        for index, (linear, layer) in enumerate(zip(self.linear_layers(), layers, strict=True)):
            linear.weight.data = torch.from_numpy(layer.weight).float()
            linear.bias.data = torch.from_numpy(layer.bias).float()
            steps = smallest_error_steps(layer.weight, self.weight_bits[index])
            self.register_buffer(f"first_steps_{index}", torch.from_numpy(steps))
        if activation_bits is not None:
            self.activation_factors = nn.Parameter(torch.ones(len(self.hidden)))
            self.register_buffer("first_activation_steps", torch.ones(len(self.hidden)))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float [N, C], of images, uint8 or float [N, 28, 28], with grey values from 0 to 255."""
        last = len(self.hidden)
        return self._sums(last, self._inputs(last, self.normalised(images)))

    def steps(self, index: int) -> Tensor:
        """Return the step of each row of a layer, float32 [fan_out]."""
        steps: Tensor = self.get_buffer(f"first_steps_{index}") * self.factors[index]
        return steps

    @torch.no_grad()
    def calibrate(self, images: Tensor) -> None:
        """Set the initial steps of the activations so that the largest one on some images has the largest code.

        Args:
            images: uint8 [N, 28, 28].
        """
        if self.activation_bits is None:
            return
        with evaluation_mode(self):
            for index in range(len(self.hidden)):
                largest = self._sums(index, self._inputs(index, self.normalised(images))).max()
                self.first_activation_steps[index] = (largest / 255).clamp(min=1e-6)

    def packed(self) -> PackedMLP:
        """Return the network with integer weights, which computes the same function."""
        layers = []
        for index, linear in enumerate(self.linear_layers()):
            steps, bits = self.steps(index).detach(), self.weight_bits[index]
            largest = largest_code(bits)
            codes = (linear.weight.detach() / steps[:, None]).clamp(-largest, largest).round().to(torch.int8)
            bias = linear.bias.detach().numpy()
            layers.append(QuantisedLayer(codes.numpy(), steps.numpy(), bias, bits))  # type: ignore[arg-type]
        activation_steps = None
        if self.activation_bits is not None:
            activation_steps = (self.first_activation_steps * self.activation_factors).detach().numpy()
        return PackedMLP.of(layers, activation_steps, self.pixels)

    def _inputs(self, index: int, pixels: Tensor) -> Tensor:
        """Return the inputs of a layer, [N, fan_in], of normalised pixels, [N, 784]."""
        activations = pixels
        for layer in range(index):
            activations = torch.relu(self._sums(layer, activations))
            if self.activation_bits is not None:
                step = self.first_activation_steps[layer] * self.activation_factors[layer]
                activations = quantise_activations(activations, step)
        return activations

    def _sums(self, index: int, inputs: Tensor) -> Tensor:
        linear = self.linear_layers()[index]
        weight = quantise_weights(linear.weight, self.steps(index), self.weight_bits[index])
        return torch.nn.functional.linear(inputs, weight, linear.bias)


def quantise_weights(weight: Tensor, steps: Tensor, bits: int) -> Tensor:
    """Return weights rounded to multiples of the step of their row, with straight-through gradients.

    Args:
        weight: Float [fan_out, fan_in].
        steps: Float [fan_out].
        bits: Of the codes, -Q to Q with Q = ``largest_code(bits)``.
    """
    largest = largest_code(bits)
    scaled = (weight / steps[:, None]).clamp(-largest, largest)
    return (scaled + (scaled.round() - scaled).detach()) * steps[:, None]


def smallest_error_steps(weight: NDArray[np.float64], bits: int) -> NDArray[np.float32]:
    """Return the step of each row whose rounding and clipping has the smallest squared error, float32 [fan_out].

    Args:
        weight: [fan_out, fan_in].
        bits: Of the codes.
    """
    largest = largest_code(bits)
    unclipped = np.abs(weight).max(axis=1) / largest
    unclipped[unclipped == 0] = 1
    best, least = unclipped.copy(), np.full(len(weight), np.inf)
    for fraction in _FRACTIONS:
        steps = fraction * unclipped
        rounded = np.clip(np.rint(weight / steps[:, None]), -largest, largest) * steps[:, None]
        error = np.square(rounded - weight).sum(axis=1)
        best[error < least] = steps[error < least]
        least = np.minimum(error, least)
    return np.asarray(best, np.float32)


def folded_layers(network: Network) -> list[AffineLayer]:
    """Return the affine maps of a network from normalised pixels to logits, batch norm included.

    Raises:
        ValueError: The network is not a chain of affine maps and relu.
    """
    chain = network.affine_chain()
    if chain is None:
        raise ValueError(
            f"A network of kind {network.spec.kind!r} cannot be quantised, only a chain of affine maps and relu can: "
            "leave out weight_bits in 'compress.variants'"
        )
    first, mean, std = chain[0], float(network.pixel_mean.double()), float(network.pixel_std.double())
    weight = first.weight * (255 * std)
    return [AffineLayer(weight, first.bias + weight.sum(axis=1) * mean / std), *chain[1:]]


def quantised(network: Network, weight_bits: int, activation_bits: int | None, images: Tensor) -> QuantisationAwareMLP:
    """Return a network with quantised weights and activations, calibrated but not trained.

    Args:
        network: A chain of affine maps and relu; its normalisations are folded into the weights.
        weight_bits: Bits of all weights except those of the output layer, which have ``OUTPUT_BITS``.
        activation_bits: 8, or None for float activations.
        images: Training digits, uint8 [N, 28, 28], on which the activations are calibrated.

    Raises:
        ValueError: The network is not such a chain.
    """
    layers = folded_layers(network)
    bits = [weight_bits] * (len(layers) - 1) + [OUTPUT_BITS]
    aware = QuantisationAwareMLP(layers, bits, activation_bits, network).eval()
    aware.calibrate(images)
    return aware
