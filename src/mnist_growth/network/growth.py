"""One growth of the network: which layers, by what operator, for the network and its averages alike."""

from collections.abc import Callable, Sequence
from functools import partial

import torch

from mnist_growth.network.config import OperatorName
from mnist_growth.network.gradient import Probe, gradient_directed
from mnist_growth.network.mlp import GrowingMLP
from mnist_growth.network.operators import net2net_split, paired, random, zero_fan_out
from mnist_growth.network.widening import Widening, widen

Operator = Callable[[GrowingMLP, int, int, torch.Generator], Widening]
"""From a network, the index of a hidden layer, a number of new units and a source of randomness to a widening."""


def operator_named(name: OperatorName, probe: Probe) -> Operator:
    """The operator of a name.

    Args:
        name: as in the parameters.
        probe: images for the operators that follow the gradient.
    """
    operators: dict[OperatorName, Operator] = {
        "zero_fan_out": zero_fan_out,
        "net2net_split": net2net_split,
        "paired": paired,
        "gradient_directed": partial(gradient_directed, probe=probe),
        "random": random,
    }
    return operators[name]


def widen_together(
    networks: Sequence[GrowingMLP], counts: Sequence[int], operator: Operator, generator: torch.Generator
) -> tuple[list[GrowingMLP], list[Widening]]:
    """Widen several networks of one shape in the same way, layer by layer.

    Args:
        networks: the trained weights first, then their averages; none is changed.
        counts: new units of each hidden layer, 0 for none.
        operator: says how a layer widens, from the first network.
        generator: source of new weights, on the CPU.

    Returns:
        The wider networks, and what was done, in order: ``GrowingAdamW.grow`` needs it.
    """
    grown = list(networks)
    widenings: list[Widening] = []
    for layer, count in enumerate(counts):
        if count > 0:
            widening = operator(grown[0], layer, count, generator)
            grown = [widen(network, widening) for network in grown]
            widenings.append(widening)
    return grown, widenings
