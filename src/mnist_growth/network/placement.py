"""Where the network grows: how many units each hidden layer gains."""

from collections.abc import Sequence

from mnist_growth.network.complexity import forward_multiply_adds
from mnist_growth.network.config import GrowthConfig
from mnist_growth.network.mlp import CLASSES, PIXELS


def neurons_to_add(widths: Sequence[int], neurons: int, config: GrowthConfig, gains: Sequence[float]) -> list[int]:
    """Units that each hidden layer gains.

    - ``all``: every layer is brought to a width of ``neurons``;
    - ``largest_gain``: the layer with the largest gain per added parameter gets units until the network costs as many
      multiply-adds as if all layers had that width. What would make it wider than ``max_neurons`` goes to the next
      one. So both places spend the same, and a budget is met with either.

    Args:
        widths: of the hidden layers now.
        neurons: width that all layers are to have, or as what they are to cost.
        config: where to grow, and the largest width.
        gains: of each layer, per added parameter; not looked at for ``all``.
    """
    if config.where == "all":
        return [max(neurons - width, 0) for width in widths]
    after = list(widths)
    target = forward_multiply_adds([neurons] * len(widths))
    for layer in sorted(range(len(widths)), key=lambda layer: -gains[layer]):
        affordable = (target - forward_multiply_adds(after)) // _connections_of_a_unit(after, layer)
        after[layer] += max(0, min(affordable, config.max_neurons - after[layer]))
    return [new - old for new, old in zip(after, widths, strict=True)]


def equal_width(widths: Sequence[int]) -> int:
    """The width at which equally wide layers cost most nearly as many multiply-adds as these do.

    Args:
        widths: of the hidden layers.
    """
    cost, layers = forward_multiply_adds(widths), len(widths)
    candidates = range(min(widths), max(widths) + 1)
    return min(candidates, key=lambda width: abs(forward_multiply_adds([width] * layers) - cost))


def parameters_of_a_unit(widths: Sequence[int], layer: int, *, batch_norm: bool) -> int:
    """Trainable numbers that one more unit brings: fan-in, fan-out, and bias or batch norm.

    Args:
        widths: of the hidden layers.
        layer: zero-based index of the layer.
        batch_norm: whether a scale and a shift stand in the place of the bias.
    """
    return _connections_of_a_unit(widths, layer) + (2 if batch_norm else 1)


def _connections_of_a_unit(widths: Sequence[int], layer: int) -> int:
    """Fan-in and fan-out of a unit of a hidden layer."""
    sizes = [PIXELS, *widths, CLASSES]
    return sizes[layer] + sizes[layer + 2]
