"""Widening a hidden layer without touching what the network has learned."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mnist_growth.network.mlp import GrowingMLP
from mnist_growth.network.operators import NewNeurons, Operator


@torch.no_grad()
def widen(network: GrowingMLP, layer: int, neurons: NewNeurons) -> GrowingMLP:
    """Append neurons to a hidden layer.

    Every old number stands bit-equal in the leading block of its tensor. New batch-norm entries start with weight 1,
    bias 0, running mean 0 and running variance 1.

    Args:
        network: the network to widen; it is not changed.
        layer: zero-based index of the hidden layer.
        neurons: their weights.

    Returns:
        A new network on the same device, in the same training or evaluation mode.
    """
    widths = list(network.widths)
    old_width = widths[layer]
    widths[layer] += len(neurons.fan_in)
    wider = blank_like(network, widths)
    copy_leading_blocks(network.state_dict(), wider.state_dict())
    incoming, outgoing = wider.linear_layers()[layer : layer + 2]
    incoming.weight[old_width:] = neurons.fan_in
    if incoming.bias is not None:
        incoming.bias[old_width:] = neurons.bias
    outgoing.weight[:, old_width:] = neurons.fan_out
    return wider


def widen_together(
    networks: Sequence[GrowingMLP], width: int, operator: Operator, generator: torch.Generator
) -> list[GrowingMLP]:
    """Widen every hidden layer of several networks of one shape with the same new neurons.

    Args:
        networks: the trained weights first, then their averages; none is changed.
        width: neurons that every hidden layer is to have; layers that have as many stay as they are.
        operator: gives the new neurons, from the first network.
        generator: source of the new weights, on the CPU.
    """
    grown = list(networks)
    for layer, old_width in enumerate(networks[0].widths):
        if width > old_width:
            neurons = operator(grown[0], layer, width - old_width, generator)
            grown = [widen(network, layer, neurons) for network in grown]
    return grown


def blank_like(network: GrowingMLP, widths: Sequence[int]) -> GrowingMLP:
    """Make a network of other widths, otherwise alike: kind, dtype, device and mode."""
    blank = GrowingMLP(widths, batch_norm=network.batch_norm, generator=torch.Generator())
    return blank.to(network.output.weight).train(network.training)


def copy_leading_blocks(source: dict[str, Tensor], target: dict[str, Tensor]) -> None:
    """Copy each source tensor into the leading block of the target tensor of the same name, in place."""
    for name, old in source.items():
        leading = tuple(slice(size) for size in old.shape)
        target[name][leading] = old
