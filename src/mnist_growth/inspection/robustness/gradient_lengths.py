"""How strongly the loss of an image depends on its pixels."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mnist_growth.inspection.robustness.margins import Logits, gradient, wrong_odds


def input_gradient_lengths(logits: Logits, pixels: Tensor, labels: Tensor) -> Tensor:
    """Return the Euclidean length of the gradient of each image's cross-entropy with respect to its pixels [N].

    Args:
        logits: A network.
        pixels: Float [N, 28, 28], from 0 to 1; the result is in nats per unit of this scale.
        labels: int64 [N].
    """
    found, _ = gradient(logits, pixels, labels, _cross_entropy)
    lengths: Tensor = torch.linalg.vector_norm(found.flatten(1), dim=1)
    return lengths


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return log(1 + exp of the wrong odds) [N]: the gradient of this form is exact for certain answers too."""
    return F.softplus(wrong_odds(logits, labels))
