"""The values that the rest of the project works on: labelled digits, and an archive of them in two parts."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

IMAGE_SIDE = 28
"""Height and width of an image in pixels."""

NUM_CLASSES = 10
"""Number of classes: the digits 0 to 9, or the ten classes of another MNIST-format set."""

_CHUNK = 4096  # images hashed at once: 3 MB, so a memory map larger than memory stays on disk


@dataclass(frozen=True, eq=False)
class Digits:
    """One labelled set of images, in memory or mapped from a file.

    Attributes:
        images: Grey values 0 to 255, uint8 of shape [N, 28, 28] with N >= 1; an array or a memory map.
        labels: Class of each image, int64 of shape [N], 0 to 9.
        dataset: Name of the set the images belong to, for example "mnist".
        fingerprint: SHA-256 (hex) of the whole set, training and test part together.

    Raises:
        ValueError: A shape, a dtype or a label is not as described above.
    """

    images: NDArray[np.uint8] = field(repr=False)
    labels: NDArray[np.int64] = field(repr=False)
    dataset: str
    fingerprint: str

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
        if lowest < 0 or highest >= NUM_CLASSES:
            wrong = lowest if lowest < 0 else highest
            raise ValueError(f"{self.dataset} has the label {wrong}, expected labels from 0 to {NUM_CLASSES - 1}")

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class DigitSet:
    """What an archive yields: the training and the test part, and where they came from.

    Attributes:
        train: The training part.
        test: The test part; same `dataset` and `fingerprint` as `train`.
        dataset: Name of the set that was loaded, for example "sample".
        requested: Name of the set that was asked for; differs from `dataset` when the sample stood in for it.
        source: Where the files were found, for a reader: a folder, a mirror or a package.
        files: Description of each file read, by name; at least {"sha256": ...} where the set has files.
    """

    train: Digits
    test: Digits
    dataset: str
    requested: str
    source: str
    files: Mapping[str, Mapping[str, str]]

    def __post_init__(self) -> None:
        for part in (self.train, self.test):
            if part.dataset != self.dataset or part.fingerprint != self.train.fingerprint:
                raise ValueError(f"The two parts of {self.dataset} do not belong to the same set")

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
    ) -> Self:
        """Put the four arrays of a set together and fingerprint them; shapes and errors as in `Digits`."""
        identity = fingerprint(train_images, train_labels, test_images, test_labels)
        return cls(
            train=Digits(train_images, train_labels, dataset, identity),
            test=Digits(test_images, test_labels, dataset, identity),
            dataset=dataset,
            requested=requested,
            source=source,
            files=files,
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of both parts together."""
        return self.train.fingerprint


def fingerprint(
    train_images: NDArray[np.uint8],
    train_labels: NDArray[np.int64],
    test_images: NDArray[np.uint8],
    test_labels: NDArray[np.int64],
) -> str:
    """Return the SHA-256 (hex) of a whole set: of dtype, shape and content of its four arrays, in this order.

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
