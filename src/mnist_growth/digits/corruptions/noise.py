"""Noise of single pixels."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]

_PHOTONS = (60, 25, 12, 5, 3)  # expected number of photons of a white pixel
_IMPULSES = (0.03, 0.06, 0.09, 0.17, 0.27)  # share of the pixels


def shot_noise(images: Images, severity: int, generator: np.random.Generator) -> NDArray[np.floating]:
    """Count photons: a Poisson number whose mean is proportional to the grey value."""
    photons = _PHOTONS[severity - 1]
    return generator.poisson(images * photons) / photons


def impulse_noise(images: Images, severity: int, generator: np.random.Generator) -> NDArray[np.floating]:
    """Replace pixels by black or white."""
    return salt_and_pepper(images, _IMPULSES[severity - 1], generator)


def salt_and_pepper(images: Images, share: float, generator: np.random.Generator) -> Images:
    """Replace a share of the pixels, half of them by black and half by white.

    Args:
        images: Float32 [N, 28, 28], from 0 to 1.
        share: Probability of a pixel to be replaced, 0 to 1.
        generator: Draws the same numbers for every share: a larger one replaces more pixels.
    """
    chance = generator.random(images.shape, dtype=np.float32)
    white = generator.random(images.shape, dtype=np.float32) < 0.5
    return np.where(chance < share, white.astype(np.float32), images)
