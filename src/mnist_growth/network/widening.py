"""Widening a hidden layer: what becomes of its units, applied to a network.

A block of two layers computes z = W2 relu(norm(W1 h + b1)) + b2. Widening the layer between them appends rows to W1
and b1 (the fan-in of new units) and columns to W2 (their fan-out).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mnist_growth.network.mlp import GrowingMLP

BORN = -1


@dataclass(frozen=True)
class Widening:
    """How a hidden layer of w units becomes one of w + k.

    A new unit is born, with weights of its own, or continues an old unit: it copies the incoming weights and the
    batch-norm entries, and the outgoing weights are shared out evenly among all units that continue the same one.

    Attributes:
        layer: zero-based index of the hidden layer.
        source: int64 [w + k], on the CPU; the old unit that each unit continues, BORN for none. The first w units
            continue themselves.
        fan_in: float [b, inputs of the layer], weights of the b born units.
        bias: float [b]; unused where batch norm replaces the bias.
        fan_out: float [outputs of the next layer, b].
        noise: float [outputs of the next layer, w + k], added to the outgoing columns after they were shared out;
            None for none.
    """

    layer: int
    source: Tensor
    fan_in: Tensor
    bias: Tensor
    fan_out: Tensor
    noise: Tensor | None = None

    @classmethod
    def of_born(cls, network: GrowingMLP, layer: int, fan_in: Tensor, bias: Tensor, fan_out: Tensor) -> "Widening":
        """Every old unit stays as it is; all new ones are born.

        Args:
            network: the network to widen.
            layer: zero-based index of the hidden layer.
            fan_in: [k, inputs], any floating dtype and device, like ``bias`` [k] and ``fan_out`` [outputs, k].
            bias: see ``fan_in``.
            fan_out: see ``fan_in``.
        """
        weight = network.output.weight
        source = torch.cat([torch.arange(network.widths[layer]), torch.full((len(fan_in),), BORN)])
        return cls(layer, source, fan_in.to(weight), bias.to(weight), fan_out.to(weight))

    @property
    def copies(self) -> Tensor:
        """Number of units, int64 [w + k], that continue the same old unit as each unit does; 1 for born ones."""
        old = self.source[self.source != BORN]
        counts = torch.bincount(old)[self.source.clamp(min=0)]
        return torch.where(self.source == BORN, 1, counts)


@torch.no_grad()
def widen(network: GrowingMLP, widening: Widening) -> GrowingMLP:
    """Widen one hidden layer.

    Old units stay in front. Where none is copied, every old number stands bit-equal in the leading block of its
    tensor. Batch-norm entries of born units have weight 1, bias 0, running mean 0 and running variance 1.

    Args:
        network: the network to widen; it is not changed.
        widening: what becomes of the units.

    Returns:
        A new network on the same device, in the same training or evaluation mode.
    """
    layer, copies = widening.layer, widening.copies
    widths = list(network.widths)
    widths[layer] = len(widening.source)
    wider = blank_like(network, widths)
    continuing = (widening.source != BORN).nonzero().squeeze(1)
    born = (widening.source == BORN).nonzero().squeeze(1)
    axes = network.unit_axes(layer)
    state = wider.state_dict()
    for name, old in network.state_dict().items():
        if name in axes:
            kept = old.index_select(axes[name], widening.source[continuing].to(old.device))
            state[name].index_copy_(axes[name], continuing.to(old.device), kept)
        else:
            state[name].copy_(old)
    incoming, outgoing = wider.linear_layers()[layer : layer + 2]
    outgoing.weight /= copies.to(outgoing.weight)
    if widening.noise is not None:
        outgoing.weight += widening.noise
    incoming.weight[born] = widening.fan_in
    if incoming.bias is not None:
        incoming.bias[born] = widening.bias
    outgoing.weight[:, born] = widening.fan_out
    return wider


def blank_like(network: GrowingMLP, widths: Sequence[int]) -> GrowingMLP:
    """Make a network of other widths, otherwise alike: kind, dtype, device and mode."""
    blank = GrowingMLP(widths, batch_norm=network.batch_norm, generator=torch.Generator())
    return blank.to(network.output.weight).train(network.training)
