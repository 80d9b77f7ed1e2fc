"""Decode the image of a digit, or the pages of a file, from untrusted bytes."""

import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from mnist_growth.digits.canonical import canonical_form
from mnist_growth.digits.decoding_memory import decoding_bytes, reduced
from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.digits.grey import grey_values
from mnist_growth.digits.png_chunks import check_chunks

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""Accepted formats, as named by Pillow; without formats that start other programs or embed other files."""

MAX_PIXELS = 50_000_000
"""Largest number of pixels of an image for callers without parameters, such as `mnist_growth.read_digit`.

The library does not read the configuration, whose parameter `predict.max_pixels` has the same default.
"""

_RAW_BYTES = IMAGE_SIDE * IMAGE_SIDE
_DRAFT_SIZE = (512, 512)  # pixels; decoding large JPEG files at reduced size saves most of the time and memory
SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P1", b"P2", b"P4", b"P5")
"""Beginnings of image files, which are not taken for grey values."""

_OTHER_FORMATS = {b"ftyphei": "HEIC", b"ftyphev": "HEIC", b"ftypmif": "HEIC", b"ftypmsf": "HEIC", b"ftypavi": "AVIF"}
_WITH_PAGES = ("TIFF", "GIF", "WEBP", "PNG")  # a JPEG file may contain further views of the same image
_TURNS = {  # by the orientation of EXIF
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SUBFILE_TYPE, _REDUCED = 254, 1  # tag of a TIFF page and the bit that marks it as a preview of another page

Pixels = NDArray[np.uint8]


class ImageTooLarge(ValueError):  # noqa: N818
    """An image has more pixels, or takes more memory to decode, than is accepted."""


def read_digit(content: bytes, max_pixels: int = MAX_PIXELS) -> Pixels:
    """Decode an image and convert it to MNIST format, uint8 [28, 28].

    Args:
        content: Content of an image file (`FORMATS`), or the 784 grey values of 28 x 28 pixels, row by row.
        max_pixels: Maximum of height times width.

    Raises:
        ValueError: The content is not one image, or the image is too large or shows nothing.
    """
    return canonical_form(decode_image(content, max_pixels))


def decode_image(content: bytes, max_pixels: int = MAX_PIXELS, max_bytes: int | None = None) -> Pixels:
    """Decode an image to grey values, uint8 [H, W], in its display orientation; see `decode_pages`.

    Raises:
        ValueError: The content is not an image, the image is too large, or there are several.
    """
    pages = decode_pages(content, max_pixels, max_bytes)
    page = next(pages)
    if isinstance(page, ValueError):
        raise page
    if next(pages, None) is not None:
        raise ValueError(
            "The image file has several pages, expected one: send each page as a file of its own, "
            "or predict the file with `kedro run --pipeline predict`"
        )
    return page


def decode_pages(
    content: bytes, max_pixels: int = MAX_PIXELS, max_bytes: int | None = None
) -> Iterator[Pixels | ValueError]:
    """Decode the pages of a TIFF file, the frames of an animation, or the only image of another file.

    Pages are decoded one at a time. `grey_values` converts them. JPEG images much larger than 512 x 512 are decoded at
    a half, a quarter or an eighth of their size; other images of more than a megapixel are reduced after that, before
    they are converted. Previews in TIFF files are left out.

    Args:
        content: Content of an image file (`FORMATS`), or the 784 grey values of 28 x 28 pixels, row by row.
        max_pixels: Maximum of height times width of each page; checked before its pixels are decoded.
        max_bytes: Largest memory that decoding a page may take; not limited without it.

    Yields:
        Grey values, uint8 [H, W], in display orientation, or the reason why a page cannot be decoded; at least one.
    """
    if len(content) == _RAW_BYTES and not content.startswith(SIGNATURES):
        yield np.frombuffer(content, np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE)
        return
    try:
        check_chunks(content)
    except ValueError as error:
        yield error
        return
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            number = 0
            while image is not None:
                if not number or not _is_preview(image):
                    yield _page(image, max_pixels, max_bytes)
                number += 1
                if image.format not in _WITH_PAGES or not _seek(image, number):
                    return
    except UnidentifiedImageError:
        yield ValueError(_unidentified(content))
    except Image.DecompressionBombError:  # raised by Pillow, at a much higher limit
        yield ValueError(f"The image has too many pixels, expected at most {max_pixels:,}")
    # The exception for a damaged file depends on its format: SyntaxError, struct.error, EOFError and others.
    except Exception as error:
        yield _undecodable(error)


def _page(image: Image.Image, max_pixels: int, max_bytes: int | None) -> Pixels | ValueError:
    """Decode the current page."""
    if image.width * image.height > max_pixels:
        return ImageTooLarge(
            f"The image has {image.width} x {image.height} pixels, expected at most {max_pixels:,} in total"
        )
    if max_bytes is not None and (needed := decoding_bytes(image)) > max_bytes:
        progressive = "progressive " if image.format == "JPEG" else ""
        return ImageTooLarge(
            f"The {progressive}{image.format} file has {image.width} x {image.height} pixels, which take about "
            f"{needed / 1e6:,.0f} MB to decode, expected at most {max_bytes / 1e6:,.0f} MB: send it as a "
            f"{'baseline ' if progressive else ''}JPEG file, or reduce it"
        )
    try:
        if image.format == "JPEG":
            image.draft("L" if image.mode == "L" else "RGB", _DRAFT_SIZE)
        image.load()  # turns TIFF files itself
        turn = _turn(image)
        image = reduced(image)
        return grey_values(image if turn is None else image.transpose(turn))
    except ValueError as error:
        return error if str(error).startswith("The grey values") else _undecodable(error)
    except Exception as error:
        return _undecodable(error)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return how the pixels have to be turned for display, according to EXIF or TIFF."""
    if "exif" in image.info or image.format == "TIFF":
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return None


def _seek(image: Image.Image, number: int) -> bool:
    """Go to a page, and return whether it exists."""
    try:
        image.seek(number)
    except EOFError:
        return False
    return True


def _is_preview(image: Image.Image) -> bool:
    """Return whether the current page of a TIFF file is a smaller copy of another page."""
    tags = getattr(image, "tag_v2", {})
    return bool(int(tags.get(_SUBFILE_TYPE, 0)) & _REDUCED)


def _undecodable(error: Exception) -> ValueError:
    return ValueError(f"The image cannot be decoded: {' '.join(str(error).split()) or type(error).__name__}")


def _unidentified(content: bytes) -> str:
    """Say which formats are accepted, and how to convert one that is known but not among them."""
    expected = ", ".join(FORMATS)
    if (other := _OTHER_FORMATS.get(content[4:11])) is not None:
        return (
            f"The image is a {other} file, expected {expected}: convert it, for example to JPEG "
            "(iPhones take JPEG photos with Settings > Camera > Formats > Most Compatible)"
        )
    return f"The {len(content)} bytes are not an image, expected {expected} or {_RAW_BYTES} grey values"
