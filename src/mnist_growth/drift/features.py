"""What is measured of every image that a network is asked about."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.style import measure_style

STYLE = ("pixel_mean", "ink", "slant", "thickness")
"""How an image looks."""

PREDICTION = ("digit", "confidence")
"""What the network answers."""

FEATURES = (*STYLE, *PREDICTION)

CONTINUOUS = (*STYLE, "confidence")
"""The features that have an order; "digit" has ten classes without one."""

Features = Mapping[str, NDArray[np.float64]]
"""Values of N images, float64 [N], for each name in `FEATURES`; not a number where an image has no such thing."""

_CONFIDENCE_DECIMALS = 2


def pixel_mean(pixels: NDArray[np.uint8]) -> float:
    """Mean grey value of an image as it came, uint8 [H, W] of any size, on the scale 0 to 1."""
    return float(pixels.mean()) / 255


def measure_images(
    pixel_means: NDArray[np.float64],
    images: NDArray[np.uint8],
    digits: NDArray[np.int64],
    confidence: NDArray[np.float64],
) -> Features:
    """Return the features of N images.

    An image is brought to MNIST form before the network sees it, and light paper is made dark by that. The mean grey
    value is therefore taken before, where it shows what kind of images come; the style is measured after, where it
    shows how the digits are written whatever paper and size they had.

    Args:
        pixel_means: What ``pixel_mean`` gave for each image as it came, float64 [N].
        images: The same images in MNIST form, uint8 [N, 28, 28].
        digits: Most probable class of each, int64 [N].
        confidence: Probability of that, float64 [N].
    """
    style = measure_style(images)
    looks = {"ink": style.ink / 255, "slant": style.slant, "thickness": style.thickness}
    return collect({"pixel_mean": pixel_means, **looks, "digit": digits, "confidence": confidence})


def collect(columns: Mapping[str, NDArray[np.generic]]) -> Features:
    """Return the features of images that have been measured before.

    Args:
        columns: Numbers [N] for each name in ``FEATURES``. Two decimals of the confidence count, because most digits
            are recognised with a confidence near 1, where small differences of rounding would look like drift.
    """
    features = {name: np.asarray(columns[name], np.float64) for name in FEATURES}
    return features | {"confidence": features["confidence"].round(_CONFIDENCE_DECIMALS)}
