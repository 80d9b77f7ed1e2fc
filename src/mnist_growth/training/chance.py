"""Recognising a network that has learned nothing."""

import math

import torch
from torch import Tensor

STANDARD_ERRORS = 3


def accuracy_without_learning(labels: Tensor) -> float:
    """Return the largest accuracy that is explained by always answering the most frequent class.

    Args:
        labels: Classes of the validation digits, int64 [N].

    Returns:
        The share of the most frequent class plus three standard errors.
    """
    share = int(torch.bincount(labels).max()) / len(labels)
    return share + STANDARD_ERRORS * math.sqrt(share * (1 - share) / len(labels))
