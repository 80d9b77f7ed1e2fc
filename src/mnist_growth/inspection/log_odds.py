"""By how much a network prefers one class to all others."""

import torch
from torch import Tensor


def log_odds(logits: Tensor, classes: Tensor) -> Tensor:
    """Return the log-odds z_c - log(sum over the others of exp(z_k)) = log(p_c / (1 - p_c)) of one class [N].

    Unlike p_c they do not saturate where the network is certain, and unlike z_c alone they depend on the differences
    between logits only. The gradient of the cross-entropy L = -log p_c is -(1 - p_c) times that of the log-odds.

    Args:
        logits: Float [N, C].
        classes: c of each image, int64 [N].
    """
    own = classes.unsqueeze(1)
    others = logits.scatter(1, own, float("-inf"))
    return logits.gather(1, own).squeeze(1) - torch.logsumexp(others, dim=1)
