"""Decoding the image in a request."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits import IMAGE_SIDE, canonical_form, decode_image
from mnist_growth.drift import pixel_mean

_PNG = b"\x89PNG\r\n\x1a\n"
_FAST_PIXELS = 100_000  # a PNG of this size takes about a millisecond to decode and to convert


class ReceivedImage(NamedTuple):
    """An image from a request.

    Attributes:
        image: Input of the network, uint8 [28, 28].
        mean: Mean grey value of the original image, 0 to 1.
    """

    image: NDArray[np.uint8]
    mean: float


def is_fast_to_read(content: bytes) -> bool:
    """Whether reading an image takes less time than passing it to another thread would."""
    if content.startswith(_PNG):
        width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
        return width * height <= _FAST_PIXELS
    return len(content) <= IMAGE_SIDE * IMAGE_SIDE


def read_image(content: bytes, max_pixels: int, canonical: bool) -> ReceivedImage:
    """Read an image file, or 784 grey values.

    Args:
        content: Content of the file.
        max_pixels: Largest product of height and width.
        canonical: Whether to convert the image to MNIST form; if not, it must have 28 x 28 pixels.

    Raises:
        ValueError: The content is not an image, is too large, or shows nothing; or an image that is not converted has
            another size.
    """
    pixels = decode_image(content, max_pixels)
    if canonical:
        return ReceivedImage(canonical_form(pixels), pixel_mean(pixels))
    if pixels.shape != (IMAGE_SIDE, IMAGE_SIDE):
        height, width = pixels.shape
        raise ValueError(f"The image has {width} x {height} pixels; expected {IMAGE_SIDE} x {IMAGE_SIDE}")
    return ReceivedImage(pixels, pixel_mean(pixels))
