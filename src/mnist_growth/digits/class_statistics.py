"""Image statistics of each class: count, brightness, mean image and its variation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CHUNK = 4096  # images processed at once: 26 MB


@dataclass(frozen=True, eq=False)
class ClassStatistics:
    """Statistics of the images of each of C classes; NaN for classes without images.

    Attributes:
        count: Number of images, int64 [C].
        mean: Mean of all pixels of the class, 0 to 255, float64 [C].
        deviation: Population standard deviation of all pixels of the class, float64 [C].
        mean_image: Mean of each pixel, float64 [C, H, W].
        deviation_image: Population standard deviation of each pixel, float64 [C, H, W].
    """

    count: NDArray[np.int64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    mean_image: NDArray[np.float64]
    deviation_image: NDArray[np.float64]


def class_statistics(images: NDArray[np.uint8], labels: NDArray[np.int64], classes: int) -> ClassStatistics:
    """Compute the statistics of each class in one pass; memory maps larger than memory are supported.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W], an array or a memory map.
        labels: Class of each image, int64 [N], 0 to C - 1.
        classes: Number of classes C.
    """
    shape = images.shape[1:]
    total, squares = np.zeros((2, classes, *shape))
    for start in range(0, len(images), _CHUNK):
        chunk, chunk_labels = images[start : start + _CHUNK].astype(np.float64), labels[start : start + _CHUNK]
        for label in np.unique(chunk_labels):
            members = chunk[chunk_labels == label]
            total[label] += members.sum(axis=0)
            squares[label] += (members**2).sum(axis=0)
    count = np.bincount(labels, minlength=classes)
    n = np.where(count, count, np.nan)[:, np.newaxis, np.newaxis]
    # Sums of integers below 2^53 are exact in float64, so the difference of the moments loses little precision.
    mean_image = total / n
    mean = mean_image.mean(axis=(1, 2))
    return ClassStatistics(
        count=count.astype(np.int64),
        mean=mean,
        deviation=np.sqrt((squares / n).mean(axis=(1, 2)) - mean**2),
        mean_image=mean_image,
        deviation_image=np.sqrt(np.maximum(squares / n - mean_image**2, 0)),
    )
