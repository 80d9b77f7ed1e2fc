"""Which classes excite a unit, and how selective it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Selectivity:
    """What excites each of U units.

    Attributes:
        preferred: Class with the largest mean activation, int64 [U]; -1 for units that are never active.
        index: Class selectivity index, float64 [U], from 0 (all classes alike) to 1 (one class alone); NaN for units
            that are never active.
        preferred_mean: Mean activation for the preferred class, float64 [U].
        active_share: Share of the digits that the unit is active for, float64 [U].
    """

    preferred: NDArray[np.int64]
    index: NDArray[np.float64]
    preferred_mean: NDArray[np.float64]
    active_share: NDArray[np.float64]


def selectivity(activations: NDArray[np.floating], labels: NDArray[np.int64]) -> Selectivity:
    """Return preferred class and class selectivity index (m - r) / (m + r) of each unit.

    m is the largest mean activation over the digits of a class, r the mean of those of the other classes: A. Morcos, D.
    Barrett, N. Rabinowitz, M. Botvinick, *On the importance of single directions for generalization*, ICLR 2018,
    section 2.3.

    Args:
        activations: Float [N, U], 0 or more.
        labels: Class of each digit, int64 [N], of at least two classes.
    """
    means = np.stack([activations[labels == label].mean(axis=0, dtype=np.float64) for label in np.unique(labels)])
    best = means.argmax(axis=0)
    largest = means.max(axis=0)
    others = (means.sum(axis=0) - largest) / (len(means) - 1)
    is_active = largest > 0
    index = np.full(len(largest), np.nan)
    np.divide(largest - others, largest + others, out=index, where=is_active)
    return Selectivity(np.where(is_active, np.unique(labels)[best], -1), index, largest, (activations > 0).mean(axis=0))
