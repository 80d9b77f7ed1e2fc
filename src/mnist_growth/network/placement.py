"""Where the network grows: how many units each hidden layer gains."""

from collections.abc import Sequence

from mnist_growth.network.config import GrowthConfig
from mnist_growth.network.mlp import CLASSES, PIXELS


def neurons_to_add(widths: Sequence[int], neurons: int, config: GrowthConfig, gains: Sequence[float]) -> list[int]:
    """Units that each hidden layer gains so that the layers have a given width on average.

    - ``all``: every layer is brought to that width;
    - ``largest_gain``: the same number of units goes to the layer with the largest gain per added parameter. What
      would make it wider than ``max_neurons`` goes to the next one.

    Args:
        widths: of the hidden layers now.
        neurons: mean width that they are to have.
        config: where to grow, and the largest width.
        gains: of each layer, per added parameter; empty for ``all``.
    """
    if config.where == "all":
        return [max(neurons - width, 0) for width in widths]
    left = neurons * len(widths) - sum(widths)
    counts = [0] * len(widths)
    for layer in sorted(range(len(widths)), key=lambda layer: -gains[layer]):
        counts[layer] = max(0, min(left, config.max_neurons - widths[layer]))
        left -= counts[layer]
    return counts


def parameters_of_a_unit(widths: Sequence[int], layer: int, *, batch_norm: bool) -> int:
    """Trainable numbers that one more unit brings: fan-in, fan-out, and bias or batch norm.

    Args:
        widths: of the hidden layers.
        layer: zero-based index of the layer.
        batch_norm: whether a scale and a shift stand in the place of the bias.
    """
    sizes = [PIXELS, *widths, CLASSES]
    return sizes[layer] + sizes[layer + 2] + (2 if batch_norm else 1)
