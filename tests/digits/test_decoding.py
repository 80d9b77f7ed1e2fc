"""Files of images, from whoever sent them, become grey values or are refused in a sentence."""

import io
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_growth.digits import decode_image, read_digit, sample_digits
from mnist_growth.digits.decoding import decode_pages

DIGIT = sample_digits().test.images[0]


def encoded(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_lossless_formats_preserve_pixels(file_format: str) -> None:
    options = {"lossless": True} if file_format == "WEBP" else {}
    np.testing.assert_array_equal(read_digit(encoded(Image.fromarray(DIGIT), file_format, **options)), DIGIT)


def test_jpeg_approximates_pixels() -> None:
    found = decode_image(encoded(Image.fromarray(DIGIT), "JPEG", quality=95)).astype(int)
    assert np.abs(found - DIGIT).max() < 40


def test_784_bytes_are_grey_values() -> None:
    np.testing.assert_array_equal(read_digit(DIGIT.tobytes()), DIGIT)


def test_image_file_of_784_bytes_is_decoded_as_image() -> None:
    content = encoded(Image.fromarray(DIGIT))
    end = content[-12:]  # the chunk IEND; a comment fills the file up
    comment = b"Comment\0" + b"x" * (784 - len(content) - 12 - 8)
    chunk = struct.pack(">I", len(comment)) + b"tEXt" + comment + struct.pack(">I", zlib.crc32(b"tEXt" + comment))
    filled = content[:-12] + chunk + end
    assert len(filled) == 784
    np.testing.assert_array_equal(read_digit(filled), DIGIT)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK"])
def test_colours_are_converted_to_grey(mode: str) -> None:
    file_format = "TIFF" if mode == "CMYK" else "PNG"
    found = decode_image(encoded(Image.fromarray(DIGIT).convert(mode), file_format)).astype(int)
    assert np.abs(found - DIGIT).max() <= 1


def test_bilevel_image_is_black_and_white() -> None:
    found = decode_image(encoded(Image.fromarray(DIGIT > 127)))
    np.testing.assert_array_equal(found, (DIGIT > 127) * 255)


@pytest.mark.parametrize("scale", [256, 257])
@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_16_bit_values_are_converted_to_8_bits(scale: int, file_format: str) -> None:
    image = Image.fromarray(DIGIT.astype(np.uint16) * scale)
    np.testing.assert_array_equal(decode_image(encoded(image, file_format)), DIGIT)


def test_12_bit_values_are_converted_to_8_bits() -> None:
    image = Image.fromarray(DIGIT.astype(np.uint16) * 16)
    np.testing.assert_array_equal(decode_image(encoded(image)), DIGIT)


def test_floating_point_values_are_converted_to_8_bits() -> None:
    image = Image.fromarray(DIGIT.astype(np.float32) / 255)
    np.testing.assert_array_equal(decode_image(encoded(image, "TIFF")), DIGIT)


@pytest.mark.parametrize("stroke", [0, 255])
def test_background_of_transparent_image_contrasts_with_strokes(stroke: int) -> None:
    grey = np.full((28, 28), stroke, np.uint8)
    for hidden in (grey, np.where(DIGIT > 0, grey, 255 - grey)):  # what lies under transparent pixels does not matter
        image = Image.merge("LA", [Image.fromarray(hidden.astype(np.uint8)), Image.fromarray(DIGIT)])
        np.testing.assert_array_equal(read_digit(encoded(image)), DIGIT)


def test_exif_rotation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the top row is the right side: shown after a quarter turn clockwise
    turned = Image.fromarray(DIGIT).transpose(Image.Transpose.ROTATE_90)
    np.testing.assert_array_equal(decode_image(encoded(turned, exif=exif)), DIGIT)


@pytest.mark.parametrize("file_format", ["TIFF", "GIF", "WEBP", "PNG"])
def test_every_page_is_decoded_and_none_is_dropped_silently(file_format: str) -> None:
    digits = [DIGIT, 255 - DIGIT, np.roll(DIGIT, 3, axis=0)]
    first, *others = (Image.fromarray(digit) for digit in digits)
    options = {"lossless": True} if file_format == "WEBP" else {}
    content = encoded(first, file_format, save_all=True, append_images=others, **options)
    pages = list(decode_pages(content))
    assert len(pages) == 3
    for page, digit in zip(pages, digits, strict=True):
        np.testing.assert_array_equal(page, digit)
    with pytest.raises(ValueError, match="several pages, expected one: send each page as a file of its own"):
        decode_image(content)


def test_a_damaged_page_does_not_hide_the_others() -> None:
    pages = [Image.fromarray(np.random.default_rng(page).integers(0, 256, (64, 64), np.uint8)) for page in range(3)]
    content = bytearray(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_deflate"))
    with Image.open(io.BytesIO(bytes(content))) as image:
        image.seek(1)
        start = image.tag_v2[273][0]
    content[start : start + 100] = b"\xff" * 100
    first, second, third = decode_pages(bytes(content))
    np.testing.assert_array_equal(first, np.asarray(pages[0]))
    assert isinstance(second, ValueError)
    np.testing.assert_array_equal(third, np.asarray(pages[2]))


def test_previews_are_not_pages() -> None:
    preview = Image.fromarray(DIGIT[::2, ::2])
    preview.encoderinfo = {"tiffinfo": {254: 1}}
    content = encoded(Image.fromarray(DIGIT), "TIFF", save_all=True, append_images=[preview])
    np.testing.assert_array_equal(decode_image(content), DIGIT)


def test_the_pixel_limit_applies_to_each_page() -> None:
    content = encoded(Image.fromarray(DIGIT), "TIFF", save_all=True, append_images=[Image.new("L", (100, 100))])
    first, second = decode_pages(content, max_pixels=784)
    np.testing.assert_array_equal(first, DIGIT)
    assert str(second) == "The image has 100 x 100 pixels, expected at most 784 in total"


@pytest.mark.parametrize(("brand", "name"), [(b"heic", "HEIC"), (b"mif1", "HEIC"), (b"avif", "AVIF")])
def test_formats_of_phones_are_refused_by_name(brand: bytes, name: str) -> None:
    with pytest.raises(ValueError, match=f"The image is a {name} file, expected PNG, .*: convert it"):
        decode_image(b"\0\0\0\x18ftyp" + brand + b"\0" * 100)


@pytest.mark.parametrize(
    ("values", "file_format", "found"),
    [
        (DIGIT.astype(np.float32) / 127.5 - 1, "TIFF", "from -1 to 1, expected .*: if they are on the scale -1 to 1"),
        ((DIGIT // 16).astype(np.uint8), "PNG", "from 0 to 15, .*: if white is 15, multiply them by 17"),
        ((DIGIT // 16).astype(np.uint16), "PNG", "from 0 to 15, .*: if white is 15, multiply them by 17"),
        (DIGIT.astype(np.float32) * 257, "TIFF", "from 0 to 65535, .*: if white is 65,535, divide them by 257"),
    ],
    ids=["-1 to 1", "0 to 15", "0 to 15 in 16 bits", "large floats"],
)
def test_grey_values_on_another_scale_are_refused(values: NDArray[Any], file_format: str, found: str) -> None:
    with pytest.raises(ValueError, match=f"The grey values range {found}"):
        decode_image(encoded(Image.fromarray(values), file_format))


def test_transparent_parts_of_a_page_become_paper() -> None:
    page = Image.fromarray(np.pad(230 - (DIGIT * 0.8).astype(np.uint8), 20, constant_values=230)).convert("RGBA")
    turned = page.rotate(10, Image.Resampling.NEAREST, expand=True)
    corner = decode_image(encoded(turned))[0, 0]
    assert corner == 230


def test_a_pen_of_any_colour_is_seen() -> None:
    ink = np.pad(DIGIT, 10)[..., None] / 255
    for pen, paper in [((250, 240, 60), (255, 255, 255)), ((230, 85, 80), (80, 160, 90))]:
        values = np.rint(np.array(paper) + (np.array(pen) - paper) * ink).astype(np.uint8)
        luma = np.asarray(Image.fromarray(values).convert("L"))
        assert np.ptp(decode_image(encoded(Image.fromarray(values)))) > max(100, 2 * np.ptp(luma))


def test_large_jpeg_is_decoded_at_reduced_size() -> None:
    large = Image.fromarray(DIGIT).resize((2048, 2048))
    assert decode_image(encoded(large, "JPEG")).shape == (512, 512)


def test_an_image_of_exactly_the_largest_size_is_decoded() -> None:
    assert decode_image(encoded(Image.new("L", (30, 20))), max_pixels=600).shape == (20, 30)
    with pytest.raises(ValueError, match="The image has 30 x 20 pixels, expected at most 599 in total"):
        decode_image(encoded(Image.new("L", (30, 20))), max_pixels=599)


def test_too_many_pixels_are_rejected_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(Image.new("L", (3000, 2000)))
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(ValueError, match="The image has 3000 x 2000 pixels, expected at most 5,999,999 in total"):
        decode_image(content, max_pixels=5_999_999)


def forged_size(width: int, height: int) -> bytes:
    """A PNG that claims a size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + encoded(Image.fromarray(DIGIT))[33:]


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_decompression_bomb_is_rejected(side: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with pytest.raises(ValueError, match="pixels, expected at most 50,000,000"):
            decode_image(forged_size(side, side))


@pytest.mark.parametrize(
    "content",
    [b"", b"x" * 783, b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>"],
    ids=["nothing", "783 bytes", "EPS", "SVG"],
)
def test_content_that_is_not_an_image_is_rejected(content: bytes) -> None:
    with pytest.raises(ValueError, match=f"{len(content)} bytes are not an image, expected PNG, JPEG"):
        decode_image(content)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_truncated_file_is_rejected(file_format: str) -> None:
    pixels: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    content = encoded(Image.fromarray(pixels), file_format)
    with pytest.raises(ValueError, match="cannot be decoded|not an image"):
        decode_image(content[: len(content) // 2])
