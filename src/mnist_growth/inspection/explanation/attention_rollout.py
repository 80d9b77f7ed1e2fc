"""Attention rollout: how much of each patch reaches the answer through the attention of all blocks."""

from collections.abc import Sequence

import torch
from torch import Tensor


def attention_rollout(weights: Sequence[Tensor]) -> Tensor:
    """Return the share of each patch in the mean token after the last block, float [N, T]; shares add up to 1.

    S. Abnar, W. Zuidema, *Quantifying attention flow in transformers*, ACL 2020, section 3: a block mixes tokens by
    (A + I) / 2, where A is the mean attention of its heads and I stands for the residual connection; the matrices of
    all blocks are multiplied. It uses neither values nor gradients, so it is the same for all classes.

    Args:
        weights: Attention weights of each block, float [N, heads, T, T].
    """
    identity = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype, device=weights[0].device)
    flow = identity.expand(len(weights[0]), -1, -1)
    for block in weights:
        flow = (block.mean(dim=1) + identity) / 2 @ flow
    return flow.mean(dim=1)
