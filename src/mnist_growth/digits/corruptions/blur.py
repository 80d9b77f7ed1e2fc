"""Blur."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]

_GLASS = ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
"""Standard deviation of the Gaussian in pixels, largest distance of a swap in pixels, and number of rounds."""

_MOTION = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))
"""Radius and standard deviation of the trace in pixels."""

_MOTION_DEGREES = 45
"""Largest angle of the movement to the horizontal."""


def gaussian(images: NDArray[np.floating], sigma: float) -> Images:
    """Smooth each image with a Gaussian of ``sigma`` pixels; the border pixels continue outside."""
    from scipy.ndimage import gaussian_filter  # imported here: slow, and few commands need it

    return np.asarray(gaussian_filter(images.astype(np.float32), (0, sigma, sigma), mode="nearest"), np.float32)


def glass_blur(images: Images, severity: int, generator: np.random.Generator) -> Images:
    """Smooth, swap half of the pixels with others near them, and smooth again."""
    sigma, reach, rounds = _GLASS[severity - 1]
    blurred = gaussian(images, sigma)
    number = np.arange(len(images))
    inner = range(images.shape[1] - 1 - reach, reach, -1)
    for _ in range(rounds):
        for row in inner:
            steps = generator.integers(-reach, reach + 1, (len(inner), 2, len(images)))
            steps *= generator.integers(0, 2, (len(inner), 1, len(images)))
            for column, (down, right) in zip(inner, steps, strict=True):
                here = blurred[:, row, column].copy()
                blurred[:, row, column] = blurred[number, row + down, column + right]
                blurred[number, row + down, column + right] = here
    return gaussian(blurred, sigma)


def motion_blur(images: Images, severity: int, generator: np.random.Generator) -> Images:
    """Average along a line from each pixel, as ImageMagick does: weights are those of one half of a Gaussian."""
    radius, sigma = _MOTION[severity - 1]
    angles = np.radians(generator.uniform(-_MOTION_DEGREES, _MOTION_DEGREES, len(images)))
    side = images.shape[1]
    offsets = np.arange(min(2 * radius + 1, side))
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    weights = (weights / weights.sum()).astype(np.float32)
    padded = np.pad(images, ((0, 0), (side, side), (side, side)))
    number = np.arange(len(images))[:, np.newaxis, np.newaxis]
    grid = np.arange(side, 2 * side)
    blurred = np.zeros_like(images)
    for offset, weight in zip(offsets, weights, strict=True):
        down = np.rint(offset * np.sin(angles)).astype(np.int64)
        right = np.rint(offset * np.cos(angles)).astype(np.int64)
        rows = (grid + down[:, np.newaxis])[:, :, np.newaxis]
        columns = (grid + right[:, np.newaxis])[:, np.newaxis, :]
        blurred += weight * padded[number, rows, columns]
    return blurred
