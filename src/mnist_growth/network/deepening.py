"""Inserting a hidden layer that does nothing yet."""

import re

import torch
from torch import Tensor

from mnist_growth.network.mlp import GrowingMLP, HiddenLayer


@torch.no_grad()
def deepen(network: GrowingMLP, after: int, images: Tensor) -> GrowingMLP:
    """Insert a hidden layer that computes the identity (Net2DeeperNet: Chen et al. 2016, section 2.3).

    It has identity weights and as many units as the layer before it, whose outputs are not negative: relu leaves them
    as they are. Batch norm is undone: with mean m and variance v of those outputs on ``images``, the running
    statistics are m and v, the scale is sqrt(v + eps) and the shift m. In evaluation mode the function is preserved
    exactly, whatever the images; in training mode it is as far as the statistics of a batch are those of ``images``,
    so give some thousand training images.

    Args:
        network: the network to deepen; it is not changed.
        after: zero-based index of the hidden layer that the new one follows.
        images: uint8 or float [N, 28, 28] on the 0-255 scale, on the device of the network; used with batch norm only.

    Returns:
        A new network on the same device, in the same mode; its new hidden layer has the index ``after + 1``.

    Raises:
        IndexError: there is no hidden layer ``after``.
    """
    if not 0 <= after < len(network.hidden):
        raise IndexError(
            f"there is no hidden layer {after} to insert one after; the last one is {len(network.hidden) - 1}"
        )
    widths = list(network.widths)
    widths.insert(after + 1, widths[after])
    deeper = GrowingMLP(widths, batch_norm=network.batch_norm, generator=torch.Generator())
    deeper = deeper.to(network.output.weight).train(network.training)
    old = {name_after_insertion(name, after + 1): tensor for name, tensor in network.state_dict().items()}
    deeper.load_state_dict(old, strict=False)
    layer = deeper.hidden[after + 1]
    assert isinstance(layer, HiddenLayer)
    torch.nn.init.eye_(layer.linear.weight)
    if layer.norm is not None:
        outputs = _outputs(network, after, images)
        mean, variance = outputs.mean(0), outputs.var(0, correction=0)
        assert layer.norm.running_mean is not None
        assert layer.norm.running_var is not None
        layer.norm.running_mean.copy_(mean)
        layer.norm.running_var.copy_(variance)
        layer.norm.weight.copy_((variance + layer.norm.eps).sqrt())
        layer.norm.bias.copy_(mean)
    return deeper


def name_after_insertion(name: str, layer: int) -> str:
    """Name that a tensor of the state has once a hidden layer was inserted: later layers move up by one.

    Args:
        name: such as "hidden.1.norm.weight".
        layer: zero-based index of the inserted layer.
    """
    match = re.match(r"hidden\.(\d+)\.(.*)", name)
    if match is None or int(match[1]) < layer:
        return name
    return f"hidden.{int(match[1]) + 1}.{match[2]}"


def _outputs(network: GrowingMLP, layer: int, images: Tensor) -> Tensor:
    """Outputs [N, width] of a hidden layer in evaluation mode."""
    taken: list[Tensor] = []
    handle = network.hidden[layer].register_forward_hook(lambda _module, _inputs, outputs: taken.append(outputs))
    was_training = network.training
    try:
        network.eval()(images)
    finally:
        handle.remove()
        network.train(was_training)
    return taken[0]
