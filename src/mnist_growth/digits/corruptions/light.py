"""Light, fog, mud, and an inverted stripe."""

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.corruptions.blur import gaussian

Images = NDArray[np.float32]

_LIGHT = (0.1, 0.2, 0.3, 0.4, 0.5)  # added to the grey value, as a share of its range
_FOG = ((1.5, 2.0), (2.0, 2.0), (2.3, 1.7), (2.6, 1.5), (3.2, 1.4))  # amount, and decay of the roughness per octave
_STRIPE = (2, 4, 6, 8, 10)  # width in pixels
_SPATTER = (
    (0.65, 0.3, 4, 0.69, 0.6),
    (0.65, 0.3, 3, 0.68, 0.6),
    (0.65, 0.3, 2, 0.68, 0.5),
    (0.65, 0.3, 2, 0.66, 0.5),
    (0.67, 0.4, 2, 0.65, 0.5),
)
"""Mean and deviation of the liquid, its smoothing in pixels, the level above which it adheres, and the smoothing of the
drops in pixels."""

_MUD = 63 / 255  # grey value
_OPAQUE = 0.8  # cover below which mud runs off
_FOG_SIDE = 32  # pixels: a power of two, at least as large as an image


def brightness(images: Images, severity: int, generator: np.random.Generator) -> Images:  # noqa: ARG001
    """Add light everywhere."""
    return images + np.float32(_LIGHT[severity - 1])


def stripe(images: Images, severity: int, generator: np.random.Generator) -> Images:  # noqa: ARG001
    """Invert a vertical stripe in the middle."""
    half, middle = _STRIPE[severity - 1] // 2, images.shape[2] // 2
    result = images.copy()
    result[:, :, middle - half : middle + half] = 1 - result[:, :, middle - half : middle + half]
    return result


def fog(images: Images, severity: int, generator: np.random.Generator) -> NDArray[np.floating]:
    """Add a plasma fractal, and scale the result back to the brightest pixel of the image."""
    amount, decay = _FOG[severity - 1]
    plasma = plasma_fractal(len(images), decay, generator)[:, : images.shape[1], : images.shape[2]]
    largest = images.max(axis=(1, 2), keepdims=True)
    foggy: NDArray[np.floating] = (images + amount * plasma) * largest / (largest + amount)
    return foggy


def spatter(images: Images, severity: int, generator: np.random.Generator) -> Images:
    """Cover parts with mud: smoothed noise where it exceeds a level."""
    mean, deviation, smoothing, level, blur = _SPATTER[severity - 1]
    liquid = gaussian(mean + deviation * generator.standard_normal(images.shape, dtype=np.float32), smoothing)
    cover = gaussian((liquid > level).astype(np.float32), blur)
    cover[cover < _OPAQUE] = 0
    return images * (1 - cover) + np.float32(_MUD) * cover


def plasma_fractal(count: int, decay: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return clouds by the diamond-square algorithm on a torus (Fournier, Fussell and Carpenter, CACM 25, 1982).

    Args:
        count: Number of images.
        decay: Factor between the random heights of two successive octaves; a smaller one gives rougher clouds.
        generator: Source of the heights.

    Returns:
        float64 [count, 32, 32], from 0 to 1 in each image.
    """
    clouds = np.zeros((count, _FOG_SIDE, _FOG_SIDE))
    step, height = _FOG_SIDE, 1.0
    while step >= 2:
        half = step // 2
        corners = clouds[:, ::step, ::step]
        columns = corners + np.roll(corners, -1, axis=1)
        centres = _displaced((columns + np.roll(columns, -1, axis=2)) / 4, height, generator)
        clouds[:, half::step, half::step] = centres
        across = corners + np.roll(corners, -1, axis=2) + centres + np.roll(centres, 1, axis=1)
        clouds[:, ::step, half::step] = _displaced(across / 4, height, generator)
        along = corners + np.roll(corners, -1, axis=1) + centres + np.roll(centres, 1, axis=2)
        clouds[:, half::step, ::step] = _displaced(along / 4, height, generator)
        step, height = half, height / decay
    clouds -= clouds.min(axis=(1, 2), keepdims=True)
    result: NDArray[np.float64] = clouds / clouds.max(axis=(1, 2), keepdims=True)
    return result


def _displaced(means: NDArray[np.float64], height: float, generator: np.random.Generator) -> NDArray[np.float64]:
    return means + height * generator.uniform(-1, 1, means.shape)
