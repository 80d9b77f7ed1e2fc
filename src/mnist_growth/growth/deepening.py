"""Inserting a layer that computes the identity."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from mnist_growth.network import Network, evaluation_mode


@dataclass(frozen=True)
class Deepening:
    """A layer that was inserted.

    Attributes:
        names: The name in the deeper network of each tensor of the old one; the others belong to the new layer.
    """

    names: Mapping[str, str]


def deepen(network: Network, after: int, images: Tensor) -> tuple[Network, Deepening]:
    """Insert a layer that computes the identity, after a group of units and as wide as it.

    Args:
        network: The network to deepen; it is not changed.
        after: Zero-based index of the group.
        images: uint8 or float [N, 28, 28], on the device of the network: some hundred training images.

    Returns:
        A new network on the same device, in the same mode, whose new group has the index ``after + 1``; and what was
        done: ``GrowingAdamW.grow`` needs it.

    Raises:
        IndexError: There is no such group.
        ValueError: Networks of this kind cannot be deepened.
    """
    with evaluation_mode(network):
        deeper, names = network.with_identity_layer(after, images)
    return deeper.train(network.training), Deepening(names)
