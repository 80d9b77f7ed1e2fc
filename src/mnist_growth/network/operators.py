"""How new units start: the operators of growth that need nothing but the network."""

import torch
from torch import Tensor

from mnist_growth.network.mlp import GrowingMLP
from mnist_growth.network.widening import Widening

SPLIT_NOISE = 0.5
"""Noise on the outgoing columns of a split, as a multiple of the range that a new layer's weights are drawn from."""


def zero_fan_out(network: GrowingMLP, layer: int, count: int, generator: torch.Generator) -> Widening:
    """New units that see the layer's input at random and do not yet speak to the next layer.

    W1' = [W1; A] with A uniform in +-1 / sqrt(fan-in), as the layer was initialised; W2' = [W2, 0]. The function is
    preserved exactly. In the first step A has no gradient, the zero columns have one.

    Args:
        network: the network to grow; it is not changed.
        layer: zero-based index of the hidden layer.
        count: number of new units, k.
        generator: source of A, on the CPU.
    """
    incoming, outgoing = network.linear_layers()[layer : layer + 2]
    fan_in = uniform(count, incoming.in_features, incoming.in_features, generator)
    return Widening.of_born(network, layer, fan_in, torch.zeros(count), torch.zeros(outgoing.out_features, count))


def paired(network: GrowingMLP, layer: int, count: int, generator: torch.Generator) -> Widening:
    """New units in pairs that see the same and say the opposite.

    W1' = [W1; V; V], W2' = [W2, Z, -Z], V and Z random as in a new layer. The function is preserved, and both sides
    have a gradient from the first step on. Of an odd number, the last unit has no partner and zero fan-out.

    Args:
        network: the network to grow; it is not changed.
        layer: zero-based index of the hidden layer.
        count: number of new units, k.
        generator: source of V and Z, on the CPU.
    """
    incoming, outgoing = network.linear_layers()[layer : layer + 2]
    pairs, single = divmod(count, 2)
    seen = uniform(pairs + single, incoming.in_features, incoming.in_features, generator)
    said = uniform(outgoing.out_features, pairs, outgoing.in_features + count, generator)
    fan_in = torch.cat([seen[:pairs], seen[:pairs], seen[pairs:]])
    fan_out = torch.cat([said, -said, torch.zeros(outgoing.out_features, single)], dim=1)
    return Widening.of_born(network, layer, fan_in, torch.zeros(count), fan_out)


def random(network: GrowingMLP, layer: int, count: int, generator: torch.Generator) -> Widening:
    """New units with random weights on both sides, as in a new layer: the function is NOT preserved.

    The control that the other operators are compared with.

    Args:
        network: the network to grow; it is not changed.
        layer: zero-based index of the hidden layer.
        count: number of new units, k.
        generator: source of the weights, on the CPU.
    """
    incoming, outgoing = network.linear_layers()[layer : layer + 2]
    fan_in = uniform(count, incoming.in_features, incoming.in_features, generator)
    fan_out = uniform(outgoing.out_features, count, outgoing.in_features + count, generator)
    return Widening.of_born(network, layer, fan_in, torch.zeros(count), fan_out)


def net2net_split(network: GrowingMLP, layer: int, count: int, generator: torch.Generator) -> Widening:
    """New units that are copies of old ones (Net2WiderNet: Chen, Goodfellow and Shlens 2016, section 2.2).

    Unit j continues the old unit g(j). Incoming weights are copied, outgoing ones divided by the number of units that
    continue g(j). The old units to copy are drawn without replacement, so that their numbers of copies differ by at
    most one. The copies of a unit are told apart by noise on their outgoing columns that sums to zero over them:
    unlike noise on the incoming side it preserves the function. So it does for an average of the network, whose own
    weights are copied and divided alike.

    Args:
        network: the network to grow; it is not changed.
        layer: zero-based index of the hidden layer.
        count: number of new units, k.
        generator: source of g and of the noise, on the CPU.
    """
    incoming, outgoing = network.linear_layers()[layer : layer + 2]
    width = incoming.out_features
    rounds, rest = divmod(count, width)
    drawn = [torch.arange(width).repeat(rounds), torch.randperm(width, generator=generator)[:rest]]
    source = torch.cat([torch.arange(width), torch.cat(drawn).sort().values])
    # In double precision, so that the noise sums to zero exactly enough for a float64 network.
    noise = SPLIT_NOISE * uniform(outgoing.out_features, width + count, width + count, generator).double()
    sums = noise.new_zeros(outgoing.out_features, width).index_add_(1, source, noise)
    copies = torch.bincount(source)
    noise -= (sums / copies)[:, source]
    noise[:, (copies == 1)[source]] = 0  # a unit without copies stays bit-equal
    weight = incoming.weight
    return Widening(
        layer=layer,
        source=source,
        fan_in=weight.new_zeros(0, incoming.in_features),
        bias=weight.new_zeros(0),
        fan_out=weight.new_zeros(outgoing.out_features, 0),
        noise=noise.to(weight),
    )


def uniform(rows: int, columns: int, fan_in: int, generator: torch.Generator) -> Tensor:
    """Weights float32 [rows, columns] of a new layer of so many inputs: uniform in +-1 / sqrt(fan-in)."""
    bound = fan_in**-0.5
    return torch.empty(rows, columns).uniform_(-bound, bound, generator=generator)
