"""What a multilayer perceptron costs: parameters and multiply-adds."""

from collections.abc import Sequence
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
