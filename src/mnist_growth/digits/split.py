"""Split labelled digits into a training and a validation part."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.config import SplitConfig


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of the images of the training and the validation part.

    Attributes:
        train: Ascending indices of the training images, int64 of shape [T], T >= 1.
        validation: Ascending indices of the validation images, int64 of shape [V], V >= 1.

    Raises:
        ValueError: A part is empty or invalid, or the parts overlap.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name, part in (("training", self.train), ("validation", self.validation)):
            if part.dtype != np.int64 or part.ndim != 1 or len(part) == 0 or part[0] < 0:
                raise ValueError(
                    f"The {name} part of the split is {part.dtype} {list(part.shape)}, "
                    "expected at least one index, int64 of one dimension"
                )
            if np.any(np.diff(part) <= 0):
                raise ValueError(
                    f"The {name} part of the split is not sorted or has duplicates, expected ascending indices"
                )
        if shared := len(np.intersect1d(self.train, self.validation, assume_unique=True)):
            raise ValueError(f"The parts of the split share {shared} images, expected none")


def evenly_spread(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return at most ``count`` of the given rows, evenly spread, int64 [M]."""
    ranks = np.linspace(0, len(rows) - 1, min(count, len(rows)))
    return rows[ranks.astype(np.int64)]


def stratified_split(labels: NDArray[np.int64], config: SplitConfig) -> Split:
    """Hold out the same fraction of every class at random.

    Args:
        labels: Class of each image, int64 of shape [N].
        config: Validation fraction and seed. The validation size of a class is its size times the fraction, rounded.

    Returns:
        The two parts; together they contain every index from 0 to N - 1 once.

    Raises:
        ValueError: A class is too small to be in both parts.
    """
    generator = np.random.default_rng(config.seed)
    train, validation = [], []
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        held_out = round(len(members) * config.validation_fraction)
        if not 0 < held_out < len(members):
            raise ValueError(
                f"Class {label} has {len(members)} training images, of which split.validation_fraction="
                f"{config.validation_fraction:g} puts {held_out} into the validation part, expected at least "
                "one image in both parts: use a fraction closer to one half, or more images of this class"
            )
        validation.append(members[:held_out])
        train.append(members[held_out:])
    return Split(train=np.sort(np.concatenate(train)), validation=np.sort(np.concatenate(validation)))
