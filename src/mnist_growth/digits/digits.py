"""Data types for labelled digits, and for a data set with a training and a test part."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.preparation import MNIST_PREPARATION, Preparation

IMAGE_SIDE = 28
"""Height and width of an image in pixels."""

DIGIT_NAMES = tuple(str(digit) for digit in range(10))
"""Names of the classes of digits."""

NUM_CLASSES = len(DIGIT_NAMES)
"""Number of classes of digits, and of the other published data sets in MNIST format."""

MAX_CLASSES = 62
"""Largest number of classes: digits, capital and small letters, as in EMNIST."""

_CHUNK = 4096  # images hashed at once (3 MB), so that memory maps larger than memory stay on disk


@dataclass(frozen=True, eq=False)
class Digits:
    """Labelled images, in memory or memory-mapped.

    Attributes:
        images: Grey values 0 to 255, uint8 of shape [N, 28, 28] with N >= 1; an array or a memory map.
        labels: Class of each image, int64 of shape [N], a position in `class_names`.
        dataset: Name of the data set that the images belong to, for example "mnist".
        fingerprint: SHA-256 (hex) of the entire data set, training and test part.
        preparation: How the images were made from the original ones, which applies to images to predict, too.
        class_names: Names of the 2 to 62 classes.

    Raises:
        ValueError: A shape, a dtype or a label is not as described above.
    """

    images: NDArray[np.uint8] = field(repr=False)
    labels: NDArray[np.int64] = field(repr=False)
    dataset: str
    fingerprint: str
    preparation: Preparation = MNIST_PREPARATION
    class_names: tuple[str, ...] = DIGIT_NAMES

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
            raise ValueError(
                f"The images of {self.dataset} are {self.images.dtype} {list(self.images.shape)}, "
                f"expected uint8 [N, {IMAGE_SIDE}, {IMAGE_SIDE}]"
            )
        if self.labels.dtype != np.int64 or self.labels.ndim != 1:
            raise ValueError(
                f"The labels of {self.dataset} are {self.labels.dtype} {list(self.labels.shape)}, expected int64 [N]"
            )
        if len(self.images) != len(self.labels):
            raise ValueError(
                f"{self.dataset} has {len(self.images)} images and {len(self.labels)} labels, "
                "expected as many labels as images"
            )
        if len(self.images) == 0:
            raise ValueError(f"{self.dataset} has no images, expected at least one")
        lowest, highest = int(self.labels.min()), int(self.labels.max())
        if lowest < 0 or highest >= len(self.class_names):
            wrong = lowest if lowest < 0 else highest
            raise ValueError(
                f"{self.dataset} has the label {wrong}, expected labels from 0 to {len(self.class_names) - 1}"
            )

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class DigitSet:
    """A data set: the training and test parts, and their origin.

    Attributes:
        train: The training part.
        test: The test part, with the same `dataset`, `fingerprint`, `preparation` and `class_names` as `train`.
        dataset: Name of the loaded data set, for example "sample".
        requested: Name of the requested data set; differs from `dataset` if the sample replaced it.
        source: Human-readable origin of the files: a folder, a mirror or a package.
        files: Description of each file read, by name, with at least the key "sha256"; empty without files.
        counts: What the preparation was decided on and what it changed, as `prepare` returns it; empty before.

    Raises:
        ValueError: The parts belong to different data sets.
    """

    train: Digits
    test: Digits
    dataset: str
    requested: str
    source: str
    files: Mapping[str, Mapping[str, str]]
    counts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        expected = (self.dataset, self.train.fingerprint, self.train.preparation, self.train.class_names)
        for part in (self.train, self.test):
            if (part.dataset, part.fingerprint, part.preparation, part.class_names) != expected:
                raise ValueError(
                    f"The parts of {self.dataset} differ in name, fingerprint, preparation or classes, "
                    "expected parts of the same data set"
                )

    @classmethod
    def from_arrays(
        cls,
        train_images: NDArray[np.uint8],
        train_labels: NDArray[np.int64],
        test_images: NDArray[np.uint8],
        test_labels: NDArray[np.int64],
        *,
        dataset: str,
        requested: str,
        source: str,
        files: Mapping[str, Mapping[str, str]],
        preparation: Preparation = MNIST_PREPARATION,
        class_names: tuple[str, ...] = DIGIT_NAMES,
        counts: Mapping[str, int] | None = None,
    ) -> Self:
        """Create a data set from four arrays and compute its fingerprint; shapes and errors as in `Digits`."""
        digest = fingerprint(train_images, train_labels, test_images, test_labels)
        return cls(
            train=Digits(train_images, train_labels, dataset, digest, preparation, class_names),
            test=Digits(test_images, test_labels, dataset, digest, preparation, class_names),
            dataset=dataset,
            requested=requested,
            source=source,
            files=files,
            counts=counts or {},
        )

    @property
    def preparation(self) -> Preparation:
        """How the images were made from the original ones."""
        return self.train.preparation

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.train.class_names

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the entire data set."""
        return self.train.fingerprint

    def with_class_names(self, names: tuple[str, ...]) -> Self:
        """Return the set with other names of its classes.

        Args:
            names: In the order of the labels.

        Raises:
            ValueError: There are more or fewer names than classes.
        """
        if len(names) != len(self.class_names):
            raise ValueError(
                f"{self.dataset} has {len(self.class_names)} classes, but its catalog entry names {len(names)}: give "
                "one name for each class in class_names"
            )
        train, test = (replace(part, class_names=names) for part in (self.train, self.test))
        return replace(self, train=train, test=test)


def fingerprint(
    train_images: NDArray[np.uint8],
    train_labels: NDArray[np.int64],
    test_images: NDArray[np.uint8],
    test_labels: NDArray[np.int64],
) -> str:
    """Return the SHA-256 (hex) of the dtype, shape and content of the four arrays, in this order.

    The arrays are read in chunks, so that memory maps larger than memory can be hashed. Values are hashed as
    little-endian, so that the result does not depend on the machine.
    """
    digest = hashlib.sha256()
    for array in (train_images, train_labels, test_images, test_labels):
        little_endian = array.dtype.newbyteorder("<")
        digest.update(f"{little_endian.str}{list(array.shape)}".encode())
        for start in range(0, len(array), _CHUNK):
            digest.update(np.ascontiguousarray(array[start : start + _CHUNK], dtype=little_endian).data)
    return digest.hexdigest()


def names_of(class_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names of classes for figures: none for digits, which are known by their numbers."""
    return () if class_names == DIGIT_NAMES else class_names
