"""Features of images for the detection of drift."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.style import measure_style

STYLE = ("pixel_mean", "ink", "slant", "thickness")
"""Features of the style of an image."""

PREDICTION = ("digit", "confidence")
"""Features of the prediction of the network."""

FEATURES = (*STYLE, *PREDICTION)

CONTINUOUS = (*STYLE, "confidence")
"""Features with an order; the classes of "digit" have none."""

Features = Mapping[str, NDArray[np.float64]]
"""Values of N images, float64 [N], for each name in `FEATURES`; NaN if a feature is undefined for an image."""

_CONFIDENCE_DECIMALS = 2


def measure_images(
    pixel_means: NDArray[np.float64],
    images: NDArray[np.uint8],
    digits: NDArray[np.int64],
    confidence: NDArray[np.float64],
) -> Features:
    """Return the features of N images.

    The mean grey value is measured before the preparation of the image, which may make light paper dark, so that it
    shows changes of the kind of images. The style is measured after the preparation, so that it shows the handwriting
    independently of paper and size.

    Args:
        pixel_means: Mean grey value (``PreparedImage.mean``) of each original image, float64 [N].
        images: The prepared images, uint8 [N, 28, 28].
        digits: Most probable class of each image, int64 [N].
        confidence: Probability of that class, float64 [N].
    """
    style = measure_style(images)
    looks = {"ink": style.ink / 255, "slant": style.slant, "thickness": style.thickness}
    return collect({"pixel_mean": pixel_means, **looks, "digit": digits, "confidence": confidence})


def collect(columns: Mapping[str, NDArray[np.generic]]) -> Features:
    """Return the features of images that are already measured.

    The confidence is rounded to two decimals. Most digits have a confidence near 1, where rounding errors would look
    like drift.

    Args:
        columns: Numbers [N] for each name in ``FEATURES``.
    """
    features = {name: np.asarray(columns[name], np.float64) for name in FEATURES}
    return features | {"confidence": features["confidence"].round(_CONFIDENCE_DECIMALS)}
