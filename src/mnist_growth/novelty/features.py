"""What a network computes of an image, as a vector."""

import copy
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_growth.network import FoldedChain, Network, record

CHUNK = 1000
"""Images per forward pass."""


class Features:
    """The activations of all groups of units and the logits of a network.

    A group of units that is not followed by an affine map has no features. Where an affine map is applied at several
    positions of an image, its features are their mean.

    Args:
        network: Network in evaluation mode; it is not changed.
    """

    def __init__(self, network: Network) -> None:
        chain = network.affine_chain()
        self._chain = None if chain is None else FoldedChain(chain)
        self._network = network if chain is not None else copy.deepcopy(network)  # its hooks must not meet others
        followers = [axis.module for group in network.unit_groups() for axis in group.of_role("outgoing")[:1]]
        self._modules = [name for name in followers if isinstance(network.get_submodule(name), nn.Linear)]

    @torch.inference_mode()
    def __call__(self, images: NDArray[np.uint8]) -> Tensor:
        """Return the features, float32 [N, D], of prepared images, uint8 [N, 28, 28], N >= 1."""
        features: Tensor | None = None
        for rows, found in self.chunks(images):
            if features is None:
                features = found.new_empty(len(images), found.shape[1])
            features[rows] = found
        assert features is not None
        return features

    @torch.inference_mode()
    def chunks(self, images: NDArray[np.uint8]) -> Iterator[tuple[slice, Tensor]]:
        """Yield the features, float32 [at most CHUNK, D], of consecutive images, with their positions.

        Args:
            images: Prepared images, uint8 [N, 28, 28].
        """
        for start in range(0, len(images), CHUNK):
            rows = slice(start, start + CHUNK)
            yield rows, torch.cat(self._activations(torch.from_numpy(np.array(images[rows]))), dim=1)

    def _activations(self, images: Tensor) -> list[Tensor]:
        """Return tensors [N, ...] whose columns are the features."""
        if self._chain is not None:
            return self._chain.activations(images.float())
        device = self._network.device
        with record(self._network, inputs=self._modules) as recorded:
            logits = self._network(images.to(device))
        inputs = [
            recorded.inputs[name].flatten(1, -2) if recorded.inputs[name].ndim > 2 else recorded.inputs[name][:, None]
            for name in self._modules
        ]
        return [*(tensor.mean(1).float().cpu() for tensor in inputs), logits.float().cpu()]
