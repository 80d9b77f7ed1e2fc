"""Decoding the image in a request."""

from typing import NamedTuple

from mnist_growth.digits import IMAGE_SIDE, Preparation, PreparedImage, decode_image
from mnist_growth.digits.decoding import SIGNATURES
from mnist_growth.digits.png_chunks import SIGNATURE, may_have_compressed_texts
from mnist_growth.serving.base64_text import decode_base64

_FAST_PIXELS, _FAST_BYTES = 1_000, 4_096  # a PNG of 28 x 28 pixels takes less than a millisecond


class ImageLimits(NamedTuple):
    """Limits for one image.

    Attributes:
        pixels: Largest product of height and width.
        decoding_bytes: Largest memory for the file and for decoding it.
    """

    pixels: int
    decoding_bytes: int


def is_fast_to_read(content: bytes) -> bool:
    """Whether reading an image takes less time than passing it to another thread would."""
    if content.startswith(SIGNATURE):
        width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
        return width * height <= _FAST_PIXELS and len(content) <= _FAST_BYTES and not may_have_compressed_texts(content)
    return len(content) == IMAGE_SIDE * IMAGE_SIDE and not content.startswith(SIGNATURES)


def read_image(content: bytes, limits: ImageLimits, preparation: Preparation) -> PreparedImage:
    """Read an image file, or 784 grey values, and prepare it for the network.

    Args:
        content: Content of the file.
        limits: Largest size, and largest memory to decode it.
        preparation: Of the network.

    Raises:
        ValueError: The content is not an image, is too large, or shows nothing.
    """
    left = max(0, limits.decoding_bytes - len(content))
    return preparation.apply(decode_image(content, limits.pixels, left))


def read_encoded_image(text: str, limits: ImageLimits, preparation: Preparation) -> PreparedImage:
    """Decode the base64 of an image file, or of 784 grey values, and prepare the image as `read_image` does.

    Raises:
        ValueError: The text is not base64, or `read_image` raises.
    """
    return read_image(decode_base64(text), limits, preparation)
