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
        multiply_adds: of its matrix product, for one image; time is O(multiply_adds).
        training_multiply_adds: of learning from one image, backward pass included: 3 x as many.
        gradients: numbers; one per parameter.
        adam_moments: numbers; two per parameter.
        activations: numbers that the backward pass needs of one image: what comes in, for the first layer; sums before
            batch norm and outputs of a hidden layer; logits and their log-softmax. Space is O(activations x images).
    """

    layer: int
    inputs: int
    outputs: int
    parameters: int
    multiply_adds: int
    training_multiply_adds: int
    gradients: int
    adam_moments: int
    activations: int


def layer_costs(widths: Sequence[int], *, batch_norm: bool) -> list[LayerCost]:
    """Cost of each layer; the sums are those of ``parameter_count`` and ``forward_multiply_adds``.

    Args:
        widths: neurons of each hidden layer.
        batch_norm: a scale and a shift for each hidden neuron in the place of its bias.
    """
    costs = []
    for layer, (fan_in, fan_out) in enumerate(pairwise([PIXELS, *widths, CLASSES]), start=1):
        is_output = layer > len(widths)
        parameters = (fan_in + (2 if batch_norm and not is_output else 1)) * fan_out
        kept_per_neuron = 2 if batch_norm or is_output else 1
        costs.append(
            LayerCost(
                layer=layer,
                inputs=fan_in,
                outputs=fan_out,
                parameters=parameters,
                multiply_adds=fan_in * fan_out,
                training_multiply_adds=3 * fan_in * fan_out,
                gradients=parameters,
                adam_moments=2 * parameters,
                activations=kept_per_neuron * fan_out + (PIXELS if layer == 1 else 0),
            )
        )
    return costs
