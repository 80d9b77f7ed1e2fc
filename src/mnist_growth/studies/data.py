"""The digits of a study, in a form that costs little to hand to another process."""

import mmap
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mnist_growth.digits import Digits, PixelStatistics, Split


@dataclass(frozen=True, eq=False)
class StudyData:
    """The digits that all trainings of a study use.

    Attributes:
        train: Training digits.
        test: Test digits; they are only reported on.
        split: Of the training digits into training and validation part.
        pixels: Mean and standard deviation of the pixels of the training part.
        fingerprint: SHA-256 of the set of digits, which every result of the study belongs to.
    """

    train: Digits
    test: Digits
    split: Split
    pixels: PixelStatistics
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fingerprint", self.train.fingerprint)

    def __getstate__(self) -> dict[str, Any]:
        """Replace memory maps by the names of their files: a worker maps the same pages."""
        return {**self.__dict__, "train": _without_map(self.train), "test": _without_map(self.test)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the maps again."""
        self.__dict__.update({**state, "train": _with_map(state["train"]), "test": _with_map(state["test"])})


@dataclass(frozen=True)
class _MappedDigits:
    """Digits whose images are those of a file."""

    fields: dict[str, Any]
    path: str
    offset: int
    shape: tuple[int, ...]


def _without_map(digits: Digits) -> Digits | _MappedDigits:
    images = digits.images
    if not isinstance(images, np.memmap) or not isinstance(images.base, mmap.mmap) or images.filename is None:
        return digits  # in memory, or a part of a map
    fields = {name: value for name, value in digits.__dict__.items() if name != "images"}
    return _MappedDigits(fields, str(images.filename), images.offset, images.shape)


def _with_map(digits: Digits | _MappedDigits) -> Digits:
    if isinstance(digits, Digits):
        return digits
    images = np.memmap(digits.path, np.uint8, mode="r", offset=digits.offset, shape=digits.shape)
    return Digits(images=images, **digits.fields)
