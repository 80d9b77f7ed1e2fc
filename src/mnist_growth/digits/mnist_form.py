"""Recognise images in MNIST form: light ink on black, with the size and position that digits of MNIST have.

The limits are those of all 70,000 images of MNIST, as described in `mnist_growth.digits.canonical`.
"""

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.digits import IMAGE_SIDE

SIDES = (19, 20)
"""Lengths of the longer side of the ink that occur in MNIST, in pixels."""

CENTRE = 14
"""Target of the centre of mass, in pixels from 0 along both axes."""

CENTRE_TOLERANCE = 0.6
"""Largest distance of the centre of mass from its target in pixels, exclusive; the largest one in MNIST is 0.52."""

MIN_PEAK = 254
"""Smallest grey value of the brightest pixel in MNIST."""


def in_mnist_form(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return for each image, uint8 [N, 28, 28], whether it has MNIST form, bool [N].

    The answers equal those of `canonical.has_mnist_form`, which tests one image; this is faster for many.
    """
    longest = np.maximum(_extent(images.max(axis=2) > 0), _extent(images.max(axis=1) > 0))
    matches: NDArray[np.bool_] = (images.max(axis=(1, 2)) >= MIN_PEAK) & np.isin(longest, SIDES)
    rows, columns = images.sum(axis=2, dtype=np.float64), images.sum(axis=1, dtype=np.float64)
    total = np.maximum(rows.sum(axis=1), 1.0)
    for masses in (rows, columns):
        matches &= np.abs(CENTRE - masses @ np.arange(IMAGE_SIDE) / total) < CENTRE_TOLERANCE
    return matches


def _extent(occupied: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the number of positions from the first to the last True of each row, int64 [N], of bool [N, S]."""
    length = occupied.shape[1] - occupied.argmax(axis=1) - occupied[:, ::-1].argmax(axis=1)
    return np.where(occupied.any(axis=1), length, 0)
