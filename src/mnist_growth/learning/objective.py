"""The interface of what computes a loss and its gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mnist_growth.network import Network


@dataclass(frozen=True)
class BatchResult:
    """Summed loss and number of correct answers, computed with the weights before the update.

    Attributes:
        loss_sum: Float scalar in nats, summed over the images, with label smoothing.
        correct_count: int64 scalar, number of images that were classified correctly.
    """

    loss_sum: Tensor
    correct_count: Tensor


class Objective(Protocol):
    """A loss that computes its own gradients and accumulates them over micro-batches in ``grad`` of the parameters.

    An update is ``begin``, ``add`` for each micro-batch, ``finish``, and a step of the optimizer. An objective
    belongs to one network: after a growth step a new one is created. It must not synchronise with a GPU and must keep
    the memory of the gradients, so that an update can be recorded as a CUDA graph.
    """

    def begin(self) -> None:
        """Discard the gradients of the previous update, and read the weights as they are now."""

    def add(self, images: Tensor, labels: Tensor, share: float = 1.0) -> BatchResult:
        """Add ``share`` times the gradient of the mean loss of some images.

        Args:
            images: uint8 or float [N, 28, 28] on the 0-255 scale, N >= ``spec.min_batch_size``.
            labels: int64 [N].
            share: Number of these images divided by the size of the batch.
        """

    def finish(self) -> None:
        """Complete the gradients after the last micro-batch."""

    def input_gradient(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the gradient of each image's own loss with respect to its pixels.

        The network computes as in evaluation mode, where an image does not depend on others, with the weights that
        ``begin`` has read. Neither its mode, its buffers nor the gradients of the parameters change.

        Args:
            images: Float [N, 28, 28] on the 0-255 scale.
            labels: int64 [N].

        Returns:
            Float [N, 28, 28], in nats per grey value.
        """


ObjectiveFactory = Callable[[Network, torch.dtype | None, float], Objective]
"""Maps a network in training mode, the dtype of its matrix products (None: the dtype of the weights) and the label
smoothing to an objective."""
