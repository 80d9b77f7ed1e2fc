"""Decoding the image in a request."""

from mnist_growth.digits import IMAGE_SIDE, Preparation, PreparedImage, decode_image

_PNG = b"\x89PNG\r\n\x1a\n"
_FAST_PIXELS = 1_000  # a PNG of 28 x 28 pixels takes less than a millisecond to decode and to convert


def is_fast_to_read(content: bytes) -> bool:
    """Whether reading an image takes less time than passing it to another thread would."""
    if content.startswith(_PNG):
        width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
        return width * height <= _FAST_PIXELS
    return len(content) <= IMAGE_SIDE * IMAGE_SIDE


def read_image(content: bytes, max_pixels: int, preparation: Preparation) -> PreparedImage:
    """Read an image file, or 784 grey values, and prepare it for the network.

    Args:
        content: Content of the file.
        max_pixels: Largest product of height and width.
        preparation: Of the network.

    Raises:
        ValueError: The content is not an image, is too large, or shows nothing.
    """
    return preparation.apply(decode_image(content, max_pixels))
