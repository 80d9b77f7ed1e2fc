"""What a multilayer perceptron costs: parameters and multiply-adds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mnist_growth.network.mlp import CLASSES, PIXELS


def forward_multiply_adds(widths: Sequence[int]) -> int:
    """Multiply-adds of the matrix products that map one image to its logits.

    Args:
        widths: neurons of each hidden layer.
    """
    sizes = [PIXELS, *widths, CLASSES]
    return sum(fan_in * fan_out for fan_in, fan_out in pairwise(sizes))


def training_multiply_adds(widths: Sequence[int]) -> int:
    """Multiply-adds of learning from one image: 3 x forward.

    The backward pass has two products of the same size for each one of the forward pass: one for the gradient of the
    weights, one for that of the inputs. The gradient of the pixels, which nobody asks for, is counted too, as is usual.

    Args:
        widths: neurons of each hidden layer.
    """
    return 3 * forward_multiply_adds(widths)


def parameter_count(widths: Sequence[int], *, batch_norm: bool) -> int:
    """Trainable numbers of a network.

    Args:
        widths: neurons of each hidden layer.
        batch_norm: a scale and a shift for each hidden neuron in the place of its bias.
    """
    return forward_multiply_adds(widths) + sum(widths) * (2 if batch_norm else 1) + CLASSES


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs.

    Attributes:
        layer: one-based number; the last layer is the output.
        inputs: numbers that come in.
        outputs: its neurons.
        parameters: trainable numbers.
        multiply_adds: of its matrix product, for one image.
    """

    layer: int
    inputs: int
    outputs: int
    parameters: int
    multiply_adds: int


def layer_costs(widths: Sequence[int], *, batch_norm: bool) -> list[LayerCost]:
    """Cost of each layer; the sums are those of ``parameter_count`` and ``forward_multiply_adds``.

    Args:
        widths: neurons of each hidden layer.
        batch_norm: a scale and a shift for each hidden neuron in the place of its bias.
    """
    costs = []
    for layer, (fan_in, fan_out) in enumerate(pairwise([PIXELS, *widths, CLASSES]), start=1):
        per_neuron = 2 if batch_norm and layer <= len(widths) else 1
        costs.append(LayerCost(layer, fan_in, fan_out, (fan_in + per_neuron) * fan_out, fan_in * fan_out))
    return costs
