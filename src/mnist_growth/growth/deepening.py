"""Inserting a layer that computes the identity."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from mnist_growth.network import Network, evaluation_mode


@dataclass(frozen=True)
class Deepening:
    """A layer that was inserted.

    Attributes:
        names: Maps the name of each tensor in the old network to its name in the deeper one. Tensors of the deeper
            network that are not among the values belong to the new layer.
    """

    names: Mapping[str, str]


def deepen(network: Network, after: int, images: Tensor) -> tuple[Network, Deepening]:
    """Insert a layer that computes the identity, after a group of units and with the same width.

    With batch norm the function is preserved in evaluation mode: the running statistics of the new layer are those of
    ``images``, and its scale and shift undo the normalisation.

    Args:
        network: The network to deepen; it is not changed.
        after: Zero-based index of the group.
        images: Several hundred training images for the statistics of the new layer, uint8 or float [N, 28, 28], on the
            device of the network.

    Returns:
        A new network on the same device, in the same mode, whose new group has the index ``after + 1``; and a
        description of the change for ``GrowingAdamW.grow``.

    Raises:
        IndexError: There is no such group.
        ValueError: Networks of this kind cannot be deepened.
    """
    with evaluation_mode(network):
        deeper, names = network.with_identity_layer(after, images)
    return deeper.train(network.training), Deepening(names)
