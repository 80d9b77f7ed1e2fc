"""Nearest neighbours in another part, to find test images that are also in the training set."""

import numpy as np
from numpy.typing import NDArray

from mnist_growth.progress import track

_QUERIES, _OTHERS = 500, 5_000  # images compared at once: their distances take 10 MB, their pixels 17 MB


def nearest(
    images: NDArray[np.uint8], others: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Find the nearest of the other images for each image.

    The distances of all pairs are computed in blocks: for 10,000 and 60,000 images, matrix products of about 5 * 10^11
    multiply-adds in total.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W].
        others: Images to search, uint8 of shape [M, H, W], M >= 1; an array or a memory map.

    Returns:
        Index of the nearest image (int64 [N], the first one of a tie), the Euclidean distance of the pixels on the
        scale 0 to 1 (float64 [N]), and that distance divided by the larger of the two pixel vector norms (float64 [N]):
        0 for equal images and for two blank images, about 1 for images without common ink.
    """
    index, squared = np.zeros(len(images), np.int64), np.full(len(images), np.inf)
    for start in track(range(0, len(others), _OTHERS), len(others), _OTHERS):
        candidates = _flattened(others[start : start + _OTHERS])
        lengths = np.einsum("ij,ij->i", candidates, candidates)
        for first in range(0, len(images), _QUERIES):
            block = slice(first, first + _QUERIES)
            queries = _flattened(images[block])
            # |a - b|^2 = |a|^2 - 2 a b + |b|^2; |a|^2 is the same for all candidates.
            scores = lengths - 2 * (queries @ candidates.T)
            best = scores.argmin(axis=1)
            closest = scores[np.arange(len(queries)), best] + np.einsum("ij,ij->i", queries, queries)
            closer = closest < squared[block]
            index[block] = np.where(closer, start + best, index[block])
            squared[block] = np.where(closer, closest, squared[block])
    # Computed again in float64 from the pixels, without the cancellation above.
    distance, longer = np.zeros(len(images), np.float64), np.zeros(len(images), np.float64)
    for first in range(0, len(images), _QUERIES):
        block = slice(first, first + _QUERIES)
        queries, found = (
            _flattened(images[block]).astype(np.float64),
            _flattened(others[index[block]]).astype(np.float64),
        )
        distance[block] = np.linalg.norm(queries - found, axis=1)
        longer[block] = np.maximum(np.linalg.norm(queries, axis=1), np.linalg.norm(found, axis=1))
    relative = np.zeros(len(images), np.float64)
    np.divide(distance, longer, out=relative, where=longer > 0)
    return index, distance, relative


def _flattened(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Flatten and scale images to 0 to 1, float32 [N, H * W]."""
    return np.asarray(images.reshape(len(images), -1) / np.float32(255), dtype=np.float32)
