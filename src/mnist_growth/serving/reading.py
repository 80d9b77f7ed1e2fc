"""From the text in a request to an image in MNIST form."""

import binascii

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits import IMAGE_SIDE, decode_image, read_digit

_PNG = b"\x89PNG\r\n\x1a\n"
_QUICK_PIXELS = 100_000  # a PNG of so many takes about a millisecond to decode and to bring to MNIST form


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


def read_image(content: bytes, max_pixels: int, canonical: bool) -> NDArray[np.uint8]:
    """The image in a file, or in 784 grey values: uint8 [28, 28].

    Args:
        content: Of the file.
        max_pixels: Largest height times width.
        canonical: Whether to bring it to MNIST form; if not, it has to be 28 x 28 pixels.

    Raises:
        ValueError: It is no image, too large, shows nothing or, where it stays as it is, has another size.
    """
    if canonical:
        return read_digit(content, max_pixels)
    pixels = decode_image(content, max_pixels)
    if pixels.shape != (IMAGE_SIDE, IMAGE_SIDE):
        height, width = pixels.shape
        raise ValueError(f"the image has {width} x {height} pixels; expected {IMAGE_SIDE} x {IMAGE_SIDE}")
    return pixels
