"""Edges instead of strokes."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]

_SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)  # of the edges in a mixture with the image
_SIGMA = 1.0  # pixels
_LOW, _HIGH = 0.1, 0.2  # thresholds of the gradient for grey values from 0 to 1
_IN_PLANE = np.zeros((3, 3, 3), bool)
_IN_PLANE[1] = True  # pixels of an image touch each other, also at their corners, but not those of the next image


def canny_edges(images: Images, severity: int, generator: np.random.Generator) -> NDArray[np.floating]:  # noqa: ARG001
    """Mix the images with their edges; severity 5 has the edges alone."""
    share = _SHARES[severity - 1]
    return (1 - share) * images + share * canny(images)


def canny(images: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return the edges of images (J. Canny, IEEE Transactions on PAMI 8 (6), 1986).

    Gaussian smoothing, the gradient by Sobel's operators, suppression of pixels that are not the largest along the
    gradient, and hysteresis. Pixels of the border are no edges.

    Args:
        images: Float [N, H, W], from 0 to 1.

    Returns:
        bool [N, H, W].
    """
    from scipy.ndimage import binary_propagation, gaussian_filter  # imported here: slow, few commands need it

    smooth = gaussian_filter(images.astype(np.float64), (0, _SIGMA, _SIGMA), mode="constant")
    # Divided by the weight of the pixels inside, because those outside are unknown, not black.
    inside = gaussian_filter(np.ones(images.shape[1:]), _SIGMA, mode="constant")
    smooth /= inside + np.finfo(np.float64).eps
    down, right = _sobel(smooth, 1, 2), _sobel(smooth, 2, 1)
    magnitude = np.hypot(down, right)
    weak = _is_ridge(magnitude, down, right) & (magnitude >= _LOW)
    return np.asarray(binary_propagation(weak & (magnitude >= _HIGH), _IN_PLANE, mask=weak))


def _sobel(images: NDArray[np.float64], along: int, across: int) -> NDArray[np.float64]:
    """Return the derivative along one axis, smoothed across it."""
    from scipy.ndimage import correlate1d

    return np.asarray(correlate1d(correlate1d(images, [-1, 0, 1], axis=along), [1, 2, 1], axis=across))


def _is_ridge(
    magnitude: NDArray[np.float64], down: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return where the magnitude is not below its two neighbours along the gradient, interpolated linearly."""
    padded = np.pad(magnitude, ((0, 0), (1, 1), (1, 1)))
    height, width = magnitude.shape[1:]

    def neighbour(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        number = np.arange(len(magnitude))[:, np.newaxis, np.newaxis]
        y, x = np.mgrid[1 : height + 1, 1 : width + 1]
        found: NDArray[np.float64] = padded[number, y + rows, x + columns]
        return found

    vertical = np.abs(down) > np.abs(right)
    steep, flat = np.maximum(np.abs(down), np.abs(right)), np.minimum(np.abs(down), np.abs(right))
    part = np.divide(flat, steep, out=np.zeros_like(flat), where=steep > 0)
    sign_down, sign_right = np.where(down >= 0, 1, -1), np.where(right >= 0, 1, -1)
    straight_down, straight_right = np.where(vertical, sign_down, 0), np.where(vertical, 0, sign_right)
    ridge = magnitude > 0
    for side in (1, -1):
        straight = neighbour(side * straight_down, side * straight_right)
        diagonal = neighbour(side * sign_down, side * sign_right)
        ridge &= part * diagonal + (1 - part) * straight <= magnitude
    ridge[:, [0, -1]] = False
    ridge[:, :, [0, -1]] = False
    return ridge
