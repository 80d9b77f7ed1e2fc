"""The margin loss of capsule networks."""

import torch
from torch import Tensor


class MarginLoss:
    """The margin loss of Sabour, Frosst and Hinton (2017), equation 4, of p = sigmoid(Z).

    L = sum_j T_j max(0, m+ - p_j)^2 + lambda (1 - T_j) max(0, p_j - m-)^2 with T_j = 1 for the label, 0 otherwise. In a
    capsule network, p_j is the length of the digit capsule. The gradient with respect to the logits is
    (-2 T_j max(0, m+ - p_j) + 2 lambda (1 - T_j) max(0, p_j - m-)) p_j (1 - p_j).
    """

    present, absent, absent_weight = 0.9, 0.1, 0.5

    def __call__(self, logits: Tensor, labels: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return loss and gradient; see ``Loss``."""
        lengths = torch.sigmoid(logits)
        is_label = torch.zeros_like(logits).scatter_(1, labels.unsqueeze(1), 1.0)
        missing = (self.present - lengths).clamp_(min=0).mul_(is_label)
        excess = (lengths - self.absent).clamp_(min=0).mul_(1 - is_label)
        loss = missing.square().sum() + self.absent_weight * excess.square().sum()
        slopes = excess.mul_(self.absent_weight).sub_(missing).mul_(2)
        return loss, slopes.mul_(lengths).mul_(1 - lengths)
