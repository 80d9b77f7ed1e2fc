"""Losses of logits, with their gradients by formula."""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from mnist_growth.network import Network


class Loss(Protocol):
    """A loss of the logits of one network."""

    def __call__(self, logits: Tensor, labels: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss, summed over the images, and its gradient with respect to the logits.

        Args:
            logits: Float [N, C]; they are not changed.
            labels: int64 [N].
            images: uint8 or float [N, 28, 28] on the 0-255 scale, as the network received them.

        Returns:
            Scalar in nats and [N, C], in the dtype of the logits.
        """


class CrossEntropy:
    """Cross-entropy: with A = softmax(Z) and the targets Y, its gradient with respect to the logits Z is A - Y.

    Args:
        network: Gives the number of classes, the dtype and the device of the logits.
        label_smoothing: Fraction of the target probability that is spread evenly over all classes.
    """

    def __init__(self, network: Network, label_smoothing: float = 0.0) -> None:
        one_hot = torch.eye(network.classes, dtype=network.dtype, device=network.device)
        self._targets = one_hot.mul_(1 - label_smoothing).add_(
            label_smoothing / network.classes
        )  # a row for each class

    def __call__(self, logits: Tensor, labels: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return loss and gradient; see ``Loss``."""
        logarithms = F.log_softmax(logits, dim=1)
        targets = self.targets(labels)
        loss = -torch.dot(targets.flatten(), logarithms.flatten())
        return loss, logarithms.exp_().sub_(targets)

    def targets(self, labels: Tensor) -> Tensor:
        """Return the target probabilities [N, C] of labels, int64 [N]."""
        return self._targets.index_select(0, labels)
