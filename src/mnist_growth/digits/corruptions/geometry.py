"""Affine maps of the image plane about its centre, bilinearly sampled, with black outside the image."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Images = NDArray[np.float32]

_SLOPES = (0.2, 0.4, 0.6, 0.8, 1.0)  # pixels to the side per pixel of height
_SIZES = (0.9, 0.8, 0.7, 0.6, 0.5)  # of the original
_RADIANS = (0.2, 0.4, 0.6, 0.8, 1.0)
_PIXELS = (1, 2, 3, 4, 5)


def shear(images: Images, severity: int, generator: np.random.Generator) -> Images:
    """Shear horizontally, to the left or to the right."""
    slopes = _signs(len(images), generator) * _SLOPES[severity - 1]
    return _by_value(images, slopes, lambda slope: affine(images, [[1.0, slope], [0.0, 1.0]]))


def scale(images: Images, severity: int, generator: np.random.Generator) -> Images:  # noqa: ARG001
    """Shrink."""
    return affine(images, np.eye(2) / _SIZES[severity - 1])


def rotate(images: Images, severity: int, generator: np.random.Generator) -> Images:
    """Rotate, clockwise or counterclockwise."""
    angles = _signs(len(images), generator) * _RADIANS[severity - 1]
    return _by_value(
        images,
        angles,
        lambda angle: affine(images, [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]),
    )


def translate(images: Images, severity: int, generator: np.random.Generator) -> Images:
    """Shift by whole pixels in one of the four diagonal directions."""
    pixels = float(_PIXELS[severity - 1])
    right, down = (_signs(len(images), generator) * pixels for _ in range(2))
    moved = _by_value(images, right, lambda shift: affine(images, np.eye(2), (shift, 0)))
    return _by_value(moved, down, lambda shift: affine(moved, np.eye(2), (0, shift)))


def affine(images: Images, matrix: ArrayLike, shift: ArrayLike = (0, 0)) -> Images:
    """Sample images at M p + t, where p are the positions (x, y) of the pixels relative to the image centre.

    Args:
        images: Float32 [N, H, W].
        matrix: M, [2, 2], from the positions in the result to those in the images.
        shift: t, [2], in pixels.
    """
    height, width = images.shape[1:]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    y, x = np.mgrid[:height, :width]
    positions = np.stack([x.ravel(), y.ravel()], axis=1) - centre
    wanted = positions @ np.asarray(matrix, float).T + np.asarray(shift, float) + centre
    corner = np.floor(wanted).astype(np.int64)
    part = wanted - corner
    pixels = images.reshape(len(images), -1)
    result = np.zeros_like(pixels)
    for right in (0, 1):
        for down in (0, 1):
            column, row = corner[:, 0] + right, corner[:, 1] + down
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            weight = np.abs(1 - right - part[:, 0]) * np.abs(1 - down - part[:, 1]) * inside
            source = np.where(inside, row * width + column, 0)
            result += weight.astype(np.float32) * pixels[:, source]
    return result.reshape(images.shape)


def _signs(count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return -1 or 1 for each image."""
    return 2 * generator.integers(0, 2, count) - 1


def _by_value(images: Images, values: NDArray[np.floating], mapped: Callable[[float], Images]) -> Images:
    """Return, for each image, the result of its value; there are only two different ones.

    Args:
        images: Float32 [N, H, W].
        values: [N].
        mapped: Maps a value to the results for all images.
    """
    result = np.empty_like(images)
    for value in np.unique(values):
        chosen = values == value
        result[chosen] = mapped(float(value))[chosen]
    return result
