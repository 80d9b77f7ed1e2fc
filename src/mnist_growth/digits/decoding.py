"""Decode the image of a digit from untrusted bytes."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_growth.digits.canonical import canonical_form
from mnist_growth.digits.digits import IMAGE_SIDE

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""Accepted formats, as named by Pillow; without formats that start other programs or embed other files."""

MAX_PIXELS = 16_000_000
"""Default maximum number of pixels of an image; a decoded pixel takes up to 4 bytes."""

_RAW_BYTES = IMAGE_SIDE * IMAGE_SIDE
_DRAFT_SIZE = (512, 512)  # pixels; decoding large JPEG files at reduced size saves most of the time
_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P1", b"P2", b"P4", b"P5")


def read_digit(content: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Decode an image and convert it to MNIST format, uint8 [28, 28].

    Args:
        content: Content of an image file (`FORMATS`), or the 784 grey values of 28 x 28 pixels, row by row.
        max_pixels: Maximum of height times width.

    Raises:
        ValueError: The content is not an image, or the image is too large or shows nothing.
    """
    return canonical_form(decode_image(content, max_pixels))


def decode_image(content: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Decode an image to grey values, uint8 [H, W], in its display orientation.

    Colours are converted to luma (ITU-R 601-2) and 16-bit values to 8 bits. Only the first frame is used. Transparent
    images are placed on white if their opaque pixels are dark, and on black if they are light. JPEG images much larger
    than 512 x 512 are decoded at a half, a quarter or an eighth of their size.

    Args:
        content: Content of an image file (`FORMATS`), or the 784 grey values of 28 x 28 pixels, row by row.
        max_pixels: Maximum of height times width; checked before the pixels are decoded.

    Raises:
        ValueError: The content is not an image, or the image is too large.
    """
    if len(content) == _RAW_BYTES and not content.startswith(_SIGNATURES):
        return np.frombuffer(content, np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            too_large = image.width * image.height > max_pixels
            pixels = None if too_large else _grey_values(image)
            size = f"{image.width} x {image.height}"
    except UnidentifiedImageError:
        raise ValueError(
            f"The {len(content)} bytes are not an image, expected {', '.join(FORMATS)} or {_RAW_BYTES} grey values"
        ) from None
    except Image.DecompressionBombError:  # raised by Pillow, at a much higher limit
        raise ValueError(f"The image has too many pixels, expected at most {max_pixels:,}") from None
    # The exception for a damaged file depends on its format: SyntaxError, struct.error, EOFError and others.
    except Exception as error:
        raise ValueError(
            f"The image cannot be decoded: {' '.join(str(error).split()) or type(error).__name__}"
        ) from None
    if pixels is None:
        raise ValueError(f"The image has {size} pixels, expected at most {max_pixels:,} in total")
    return pixels


def _grey_values(image: Image.Image) -> NDArray[np.uint8]:
    """Convert an image of any mode to grey values, uint8 [H, W]."""
    if image.format == "JPEG":
        image.draft("L", _DRAFT_SIZE)
    if "exif" in image.info or image.format == "TIFF":
        image = ImageOps.exif_transpose(image)
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"))
    if image.mode.startswith(("I", "F")):
        return _eight_bits(np.asarray(image))
    if image.has_transparency_data:
        return _on_background(image)
    return np.asarray(image.convert("L"))


def _eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Convert integer or floating-point grey values to 8 bits.

    Integers keep the highest 8 of 16 bits, or of the bits in use if these are at most 12 (as in camera images).
    Floating-point values up to 1 are scaled from 0..1; larger ones are treated like integers.
    """
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    numbers -= min(numbers.min(), 0.0)
    largest = numbers.max()
    if values.dtype.kind == "f" and largest <= 1:
        return np.rint(numbers * 255).astype(np.uint8)
    bits = int(largest).bit_length()
    shift = 8 if 12 < bits <= 16 else max(bits - 8, 0)
    return np.floor(numbers / 2.0**shift).astype(np.uint8)


def _on_background(image: Image.Image) -> NDArray[np.uint8]:
    """Return the grey values of a transparent image on a background that contrasts with its opaque pixels."""
    grey, alpha = (np.asarray(band, np.float32) for band in image.convert("RGBA").convert("LA").split())
    opacity = alpha / 255
    ink = float((grey * opacity).sum() / max(opacity.sum(), 1.0))
    background = 255.0 if ink < 128 else 0.0
    return np.rint(grey * opacity + background * (1 - opacity)).astype(np.uint8)
