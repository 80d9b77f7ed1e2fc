"""One part of the user's own data set, as its files have it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.fit import fit_all

Images = NDArray[np.uint8] | Sequence[NDArray[np.uint8]]


@dataclass(frozen=True, eq=False)
class Part:
    """Images and their labels.

    Attributes:
        images: Grey values, uint8 [N, H, W], or a list of [H, W] if the images differ in size.
        labels: Class of each image, int64 [N]; None if the files have no labels.
        origin: What the images were read from, for messages.
        transposed: Whether rows and columns of the images are swapped.
        class_names: Names of the classes, if the files have names; the labels are positions in it.
        files: SHA-256 of the files by name, as in `DigitSet.files`.
    """

    images: Images
    labels: NDArray[np.int64] | None
    origin: str
    transposed: bool = False
    class_names: tuple[str, ...] = ()
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def fitted(self, *, resize: bool) -> tuple[NDArray[np.uint8], int]:
        """Return the images as uint8 [N, 28, 28], the right way round, and how many were scaled.

        Raises:
            ValueError: An image has another size and `resize` is not set.
        """
        images = [image.T for image in self.images] if self.transposed else self.images
        return fit_all(images, self.origin, resize=resize)
