"""Mean and standard deviation of pixels in one pass; memory maps larger than memory are supported."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CHUNK = 1024  # images processed at once: 0.8 MB of pixels, 6.4 MB while they are counted
_GREY_VALUES = 256


@dataclass(frozen=True)
class PixelStatistics:
    """Mean and standard deviation for normalising pixels.

    Attributes:
        mean: Mean of all pixels on the scale 0 to 1.
        std: Population standard deviation of all pixels on the same scale, above 0.
        count: Number of images.
    """

    mean: float
    std: float
    count: int


MNIST_PIXELS = PixelStatistics(mean=0.1307, std=0.3081, count=60_000)
"""Of the 60,000 training images of MNIST."""


def pixel_statistics(images: NDArray[np.uint8], indices: NDArray[np.int64]) -> PixelStatistics:
    """Compute the mean and standard deviation of the pixels of selected images.

    The moments are computed from a histogram with exact integers, so the result does not depend on the order of the
    images or on the chunk size.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, 28, 28], an array or a memory map.
        indices: Indices of the selected images, int64 of shape [M].

    Returns:
        Mean and population standard deviation on the scale 0 to 1.

    Raises:
        ValueError: No image is selected, or all pixels have the same value.
    """
    counts = np.zeros(_GREY_VALUES, dtype=np.int64)
    for start in range(0, len(indices), _CHUNK):
        chunk = images[indices[start : start + _CHUNK]]
        counts += np.bincount(chunk.ravel(), minlength=_GREY_VALUES)
    if np.count_nonzero(counts) < 2:
        raise ValueError(
            f"The pixels of {len(indices)} training images have {np.count_nonzero(counts)} different values, "
            "expected at least two to normalise them: check the images"
        )
    return _from_counts(counts.tolist(), len(indices))


def _from_counts(counts: list[int], images: int) -> PixelStatistics:
    """Compute the moments from the histogram of grey values, with Python's unbounded integers."""
    pixels = sum(counts)
    total = sum(value * count for value, count in enumerate(counts))
    total_of_squares = sum(value * value * count for value, count in enumerate(counts))
    largest = _GREY_VALUES - 1
    return PixelStatistics(
        mean=total / (pixels * largest),
        std=math.sqrt(pixels * total_of_squares - total * total) / (pixels * largest),
        count=images,
    )
