"""From the text in a request to an image in MNIST form."""

import binascii
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits import IMAGE_SIDE, canonical_form, decode_image
from mnist_growth.drift import pixel_mean

_PNG = b"\x89PNG\r\n\x1a\n"
_QUICK_PIXELS = 100_000  # a PNG of so many takes about a millisecond to decode and to bring to MNIST form


class Sent(NamedTuple):
    """An image that was sent.

    Attributes:
        image: As the network gets it, uint8 [28, 28].
        mean: Mean grey value of the image as it came, 0 to 1.
    """

    image: NDArray[np.uint8]
    mean: float


def decode_text(text: str) -> bytes:
    """The bytes behind base64, with or without the beginning of a data URL.

    Raises:
        ValueError: It is not base64.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise ValueError("the image is not base64") from None


def is_quick(content: bytes) -> bool:
    """Whether an image takes no longer to read than handing it to another thread and waiting for that is worth."""
    if content.startswith(_PNG):
        width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
        return width * height <= _QUICK_PIXELS
    return len(content) <= IMAGE_SIDE * IMAGE_SIDE


def read_image(content: bytes, max_pixels: int, canonical: bool) -> Sent:
    """The image in a file, or in 784 grey values.

    Args:
        content: Of the file.
        max_pixels: Largest height times width.
        canonical: Whether to bring it to MNIST form; if not, it has to be 28 x 28 pixels.

    Raises:
        ValueError: It is no image, too large, shows nothing or, where it stays as it is, has another size.
    """
    pixels = decode_image(content, max_pixels)
    if canonical:
        return Sent(canonical_form(pixels), pixel_mean(pixels))
    if pixels.shape != (IMAGE_SIDE, IMAGE_SIDE):
        height, width = pixels.shape
        raise ValueError(f"the image has {width} x {height} pixels; expected {IMAGE_SIDE} x {IMAGE_SIDE}")
    return Sent(pixels, pixel_mean(pixels))
