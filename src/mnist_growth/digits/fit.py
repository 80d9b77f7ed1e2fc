"""Scale images to 28 x 28 pixels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 28
"""Height and width of the images of a network in pixels."""


def fitted(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale an image, uint8 [H, W], to fit 28 x 28 pixels, and fill the rest with the median of its margin.

    An image of this size is returned as it is, and one that was enlarged by repeating its pixels becomes the original.
    """
    if pixels.shape == (SIDE, SIDE):
        return pixels
    height, width = (max(1, round(side * SIDE / max(pixels.shape))) for side in pixels.shape)
    method = Image.Resampling.BOX if max(pixels.shape) > SIDE else Image.Resampling.BILINEAR
    scaled = np.asarray(Image.fromarray(pixels).resize((width, height), method))
    margin = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    image = np.full((SIDE, SIDE), round(float(np.median(margin))), np.uint8)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    image[top : top + height, left : left + width] = scaled
    return image


def fit_all(
    images: NDArray[np.uint8] | Sequence[NDArray[np.uint8]], origin: str, *, resize: bool
) -> tuple[NDArray[np.uint8], int]:
    """Return images as uint8 [N, 28, 28], and the number of those that were scaled.

    An array of this shape is returned as it is.

    Args:
        images: uint8 [N, H, W], or a sequence of [H, W].
        origin: Where they come from, for the message.
        resize: Whether images of another size are scaled.

    Raises:
        ValueError: An image has another size and `resize` is not set.
    """
    if isinstance(images, np.ndarray) and images.shape[1:] == (SIDE, SIDE):
        return images, 0
    others = [image.shape for image in images if image.shape != (SIDE, SIDE)]
    if others and not resize:
        height, width = others[0]
        raise ValueError(
            f"{origin} contains images of {width} x {height} pixels, expected {SIDE} x {SIDE}: scale them with "
            "--params archive.resize=true"
        )
    result = np.empty((len(images), SIDE, SIDE), np.uint8)
    for target, image in zip(result, images, strict=True):
        target[:] = fitted(np.ascontiguousarray(image))
    return result, len(others)
