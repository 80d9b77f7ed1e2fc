"""Digits that are changed so much that a drift monitor must raise an alarm."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Images = NDArray[np.uint8]
"""Images uint8 [N, 28, 28]."""


def rotated(degrees: float, images: Images, _: np.random.Generator) -> Images:
    """Rotate every image."""
    turned = ndimage.rotate(images.astype(np.float32), degrees, axes=(1, 2), reshape=False, order=1)
    return np.asarray(turned.clip(0, 255), np.uint8)


def noisy(deviation: float, images: Images, generator: np.random.Generator) -> Images:
    """Add Gaussian noise; the deviation is in grey values."""
    return (images + generator.normal(0, deviation, images.shape)).clip(0, 255).astype(np.uint8)


def textures(images: Images, generator: np.random.Generator) -> Images:
    """Return large patches with a woven or smooth surface, similar to pictures of clothing."""
    height, width = generator.integers(14, 27, (2, len(images)))
    y, x = np.mgrid[:28, :28][:, np.newaxis] - 13.5
    inside = (np.abs(y) < height[:, None, None] / 2) & (np.abs(x) < width[:, None, None] / 2)
    waves = np.sin(x * generator.uniform(0.3, 2, (len(images), 1, 1))) * np.sin(
        y * generator.uniform(0.3, 2, (len(images), 1, 1))
    )
    grain = ndimage.gaussian_filter(generator.normal(0, 1, images.shape), (0, 1, 1))
    return np.asarray(inside * (150 + 60 * waves + 80 * grain)).clip(0, 255).astype(np.uint8)


CHANGES: dict[str, Callable[[Images, np.random.Generator], Images]] = {
    "inverted": lambda images, _: 255 - images,
    "rotated by 30 degrees": partial(rotated, 30),
    "rotated by 90 degrees": partial(rotated, 90),
    "noise of 50 grey values": partial(noisy, 50),
    "noise of 100 grey values": partial(noisy, 100),
    "blurred by 1.5 pixels": lambda images, _: ndimage.gaussian_filter(images, (0, 1.5, 1.5)),
    "textures": textures,
}
