"""Images that would take much memory to decode are refused; large ones are reduced before they are converted."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

import configured
from mnist_growth.digits import canonical_form, decode_image, sample_digits
from mnist_growth.digits.decoding import MAX_PIXELS
from mnist_growth.digits.decoding_memory import decoding_bytes, reduced

DIGIT = sample_digits().test.images[0]
SIDE = 1100  # pixels of a large image
PAPER = 255 - np.asarray(Image.fromarray(DIGIT).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def file_of(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("file_format", "mode", "options", "bytes_per_pixel"),
    [
        ("PNG", "L", {}, 1),
        ("PNG", "RGB", {}, 4),
        ("PNG", "RGBA", {}, 4),
        ("BMP", "RGB", {}, 4),
        ("WEBP", "RGB", {}, 18),
        ("GIF", "L", {}, 4),
        ("JPEG", "RGB", {}, 0),
        ("JPEG", "RGB", {"progressive": True, "subsampling": "4:2:0"}, 3),
        ("JPEG", "RGB", {"progressive": True, "subsampling": "4:4:4"}, 6),
        ("JPEG", "L", {"progressive": True}, 2),
    ],
)
def test_an_image_that_takes_too_much_memory_is_refused(file_format, mode, options, bytes_per_pixel):
    content = file_of(Image.fromarray(PAPER[:100, :200]).convert(mode), file_format, **options)
    with Image.open(io.BytesIO(content)) as image:
        needed = decoding_bytes(image)
    assert needed == 100 * 200 * bytes_per_pixel
    assert decode_image(content, max_bytes=needed).shape == (100, 200)
    if needed:
        with pytest.raises(ValueError, match=rf"{file_format} file has 200 x 100 pixels, .*: send it as a .*JPEG file"):
            decode_image(content, max_bytes=needed - 1)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK"])
def test_a_large_image_is_reduced_to_what_its_grey_values_would_be_reduced_to(mode):
    image = Image.fromarray(PAPER).convert(mode)
    expected = np.asarray(image.convert("L").reduce(3)).astype(int)
    small = reduced(image)
    assert small.size == (367, 367)
    assert np.abs(np.asarray(small.convert("L")).astype(int) - expected).max() <= 1


def test_transparent_parts_of_a_large_image_do_not_darken_their_border():
    image = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    image.paste((200, 200, 200, 255), (0, 0, SIDE // 2, SIDE))
    colours = np.asarray(reduced(image))
    assert colours[colours[..., 3] > 0][:, 0].min() >= 198
    assert 0 < (colours[..., 3] > 0).mean() < 1


def test_the_transparent_colour_of_a_large_palette_stays_transparent():
    image = Image.fromarray(np.where(PAPER > 128, 0, 1).astype(np.uint8), "P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    with Image.open(io.BytesIO(file_of(image, "PNG", transparency=0))) as opened:
        opened.load()
        alpha = np.asarray(reduced(opened))[..., 3]
    assert set(np.unique(alpha)) >= {0, 255}


def test_small_and_16_bit_images_are_not_reduced():
    for image in (Image.new("RGB", (1000, 1000)), Image.fromarray(np.zeros((SIDE, SIDE), np.uint16))):
        assert reduced(image) is image


@pytest.mark.parametrize(("file_format", "mode"), [("PNG", "L"), ("PNG", "RGBA"), ("TIFF", "RGB"), ("WEBP", "RGB")])
def test_a_large_image_shows_the_same_digit(file_format, mode):
    large = canonical_form(decode_image(file_of(Image.fromarray(PAPER).convert(mode), file_format, quality=95)))
    expected = canonical_form(PAPER)
    assert np.abs(large.astype(int) - expected).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "JPEG"])
def test_images_are_turned_as_pillow_turns_them(orientation, file_format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.arange(600, dtype=np.uint8).reshape(20, 30))
    content = file_of(image, file_format, exif=exif)
    with Image.open(io.BytesIO(content)) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened))
    np.testing.assert_array_equal(decode_image(content), expected)


def test_the_library_and_the_parameter_have_the_same_limit_of_pixels():
    assert MAX_PIXELS == configured.base()["predict"]["max_pixels"] == configured.serving().max_pixels
