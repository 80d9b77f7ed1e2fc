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
    signs = _signs(len(images), generator)
    return _by_sign(images, signs, lambda sign: ([[1, sign * _SLOPES[severity - 1]], [0, 1]], (0, 0)))


def scale(images: Images, severity: int, generator: np.random.Generator) -> Images:  # noqa: ARG001
    """Shrink."""
    return affine(images, np.eye(2) / _SIZES[severity - 1])


def rotate(images: Images, severity: int, generator: np.random.Generator) -> Images:
    """Rotate, clockwise or counterclockwise."""
    cos, sin = np.cos(_RADIANS[severity - 1]), np.sin(_RADIANS[severity - 1])
    signs = _signs(len(images), generator)
    return _by_sign(images, signs, lambda sign: ([[cos, -sign * sin], [sign * sin, cos]], (0, 0)))


def translate(images: Images, severity: int, generator: np.random.Generator) -> Images:
    """Shift by whole pixels in one of the four diagonal directions."""
    pixels = _PIXELS[severity - 1]
    right, down = _signs(len(images), generator), _signs(len(images), generator)
    moved = np.empty_like(images)
    for sign in (-1, 1):
        chosen = down == sign
        moved[chosen] = _by_sign(
            images[chosen], right[chosen], lambda across, along=sign: (np.eye(2), (across * pixels, along * pixels))
        )
    return moved


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


def _by_sign(images: Images, signs: NDArray[np.int64], map_of: Callable[[int], tuple[ArrayLike, ArrayLike]]) -> Images:
    """Apply the map of its sign to each image."""
    result = np.empty_like(images)
    for sign in (-1, 1):
        result[signs == sign] = affine(images[signs == sign], *map_of(sign))
    return result
