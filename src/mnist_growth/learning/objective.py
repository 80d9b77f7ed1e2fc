"""What turns images and labels into gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mnist_growth.network import Network


@dataclass(frozen=True)
class BatchResult:
    """Loss and accuracy of some images before the update that they are part of.

    Attributes:
        loss_sum: Float scalar, loss summed over the images, in nats.
        correct_count: int64 scalar, number of images that were classified correctly.
    """

    loss_sum: Tensor
    correct_count: Tensor


class Objective(Protocol):
    """Computes the gradients of one update, piece by piece; they add up in the ``grad`` of the parameters.

    An update is ``begin``, ``add`` for each piece of the batch, ``finish``, and a step of the optimizer. An objective
    is made for one network: after a growth it is made again. It must not synchronise with a GPU and must keep the
    memory of the gradients, so that an update can be recorded as a CUDA graph.
    """

    def begin(self) -> None:
        """Discard the gradients of the previous update, and read the weights as they are now."""

    def add(self, images: Tensor, labels: Tensor, share: float) -> BatchResult:
        """Add the gradient of the mean loss of some images.

        Args:
            images: uint8 or float [N, 28, 28] on the 0-255 scale, N >= ``spec.min_batch_size``.
            labels: int64 [N].
            share: Factor of the gradient: the share of the batch that these images are.
        """

    def finish(self) -> None:
        """Complete the gradients after the last piece of the batch."""


ObjectiveFactory = Callable[[Network, torch.dtype | None, float], Objective]
"""From a network in training mode, the dtype of its matrix products (None: that of the weights) and the label smoothing
to an objective."""
