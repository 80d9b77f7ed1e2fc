"""How new neurons start: the initialisers of growth.

A block of two layers computes z = W2 relu(norm(W1 h + b1)) + b2. Adding k neurons between them appends k rows to W1
and b1 (their fan-in) and k columns to W2 (their fan-out).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mnist_growth.network.config import OperatorName
from mnist_growth.network.mlp import GrowingMLP


@dataclass(frozen=True)
class NewNeurons:
    """Weights that k new neurons of a hidden layer start with.

    Attributes:
        fan_in: float [k, inputs of the layer].
        bias: float [k]; unused where batch norm replaces the bias.
        fan_out: float [outputs of the next layer, k].
    """

    fan_in: Tensor
    bias: Tensor
    fan_out: Tensor


Operator = Callable[[GrowingMLP, int, int, torch.Generator], NewNeurons]


def zero_fan_out(network: GrowingMLP, layer: int, count: int, generator: torch.Generator) -> NewNeurons:
    """New neurons that see the layer's input at random and do not yet speak to the next layer.

    W1' = [W1; A] with A uniform in +-1 / sqrt(fan-in), as the layer was initialised; W2' = [W2, 0]. The function is
    preserved exactly. In the first step A has no gradient, the zero columns have one.

    Args:
        network: the network to grow; it is not changed.
        layer: zero-based index of the hidden layer.
        count: number of new neurons, k.
        generator: source of A, on the CPU.
    """
    incoming, outgoing = network.linear_layers()[layer : layer + 2]
    weight = incoming.weight
    bound = incoming.in_features**-0.5
    fan_in = torch.empty(count, incoming.in_features).uniform_(-bound, bound, generator=generator)
    return NewNeurons(
        fan_in=fan_in.to(weight),
        bias=weight.new_zeros(count),
        fan_out=weight.new_zeros(outgoing.out_features, count),
    )


OPERATORS: dict[OperatorName, Operator] = {"zero_fan_out": zero_fan_out}
