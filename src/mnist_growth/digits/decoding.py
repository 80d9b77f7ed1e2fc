"""Reading the image of a digit from bytes that a stranger may have sent."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_growth.digits.canonical import canonical_form
from mnist_growth.digits.digits import IMAGE_SIDE

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""What is read, as Pillow names it; formats that call other programs or hide other files are not among them."""

MAX_PIXELS = 16_000_000
"""Pixels that an image may have, unless the caller says otherwise: decoded, they take 4 bytes each."""

_RAW_BYTES = IMAGE_SIDE * IMAGE_SIDE
_ENOUGH = (512, 512)  # pixels; JPEG can be decoded at a fraction of its size, which saves most of the work
_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P1", b"P2", b"P4", b"P5")


def read_digit(content: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Return the digit in an image file, or in 784 grey values row by row, in MNIST form: uint8 [28, 28].

    Args:
        content: Of an image file (`FORMATS`), or 784 bytes.
        max_pixels: Largest height times width.

    Raises:
        ValueError: It is no image, is too large, or shows nothing.
    """
    return canonical_form(decode_image(content, max_pixels))


def decode_image(content: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Return the grey values of an image, uint8 [H, W], in the position in which it is meant to be looked at.

    Colours become luma (ITU-R 601-2), 16 bits become 8, of several frames the first counts, and transparent pixels
    become white where the opaque ones are dark, black where they are light. A JPEG much larger than 512 x 512 is
    decoded at a half, a quarter or an eighth of its size.

    Args:
        content: Of an image file (`FORMATS`), or 784 bytes: the grey values of 28 x 28 pixels, row by row.
        max_pixels: Largest height times width; the header tells it before anything is decoded.

    Raises:
        ValueError: It is no image, or too large.
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
            f"{len(content)} bytes are not an image; expected {', '.join(FORMATS)} or {_RAW_BYTES} grey values"
        ) from None
    except Image.DecompressionBombError:  # of Pillow, far above any sensible limit of ours
        raise ValueError(f"the image has too many pixels; expected at most {max_pixels:,}") from None
    # What a damaged file raises differs between Pillow's formats: SyntaxError, struct.error, EOFError and others.
    except Exception as error:
        raise ValueError(
            f"the image cannot be decoded: {' '.join(str(error).split()) or type(error).__name__}"
        ) from None
    if pixels is None:
        raise ValueError(f"the image has {size} pixels; expected at most {max_pixels:,} in all")
    return pixels


def _grey_values(image: Image.Image) -> NDArray[np.uint8]:
    """Decode an image of any mode."""
    if image.format == "JPEG":
        image.draft("L", _ENOUGH)
    if "exif" in image.info or image.format == "TIFF":
        image = ImageOps.exif_transpose(image)
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"))
    if image.mode.startswith(("I", "F")):
        return _eight_bits(np.asarray(image))
    if image.has_transparency_data:
        return _on_a_background(image)
    return np.asarray(image.convert("L"))


def _eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Grey values of 16 or 32 bits, whole numbers or fractions, as 8 bits.

    Whole numbers keep their highest 8 bits of 16, or of as many as are in use where that is 12 or fewer, as cameras
    have it. Fractions up to 1 are of 1; others are treated like whole numbers.
    """
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    numbers -= min(numbers.min(), 0.0)
    largest = numbers.max()
    if values.dtype.kind == "f" and largest <= 1:
        return np.rint(numbers * 255).astype(np.uint8)
    bits = int(largest).bit_length()
    shift = 8 if 12 < bits <= 16 else max(bits - 8, 0)
    return np.floor(numbers / 2.0**shift).astype(np.uint8)


def _on_a_background(image: Image.Image) -> NDArray[np.uint8]:
    """Grey values of an image with transparent parts, in front of the background that it can be seen against."""
    grey, alpha = (np.asarray(band, np.float32) for band in image.convert("RGBA").convert("LA").split())
    opacity = alpha / 255
    ink = float((grey * opacity).sum() / max(opacity.sum(), 1.0))
    background = 255.0 if ink < 128 else 0.0
    return np.rint(grey * opacity + background * (1 - opacity)).astype(np.uint8)
