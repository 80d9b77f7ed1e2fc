"""Which images are read at once, and which wait for each other."""

import asyncio
import io
import threading

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from served import png

import configured
from mnist_growth.digits.decoding import ImageTooLarge
from mnist_growth.serving import service as service_module
from mnist_growth.serving.reading import is_fast_to_read
from mnist_growth.serving.service import Service

DIGIT = np.zeros((28, 28), np.uint8)
DIGIT[8:20, 12:16] = 255


def encoded(image, file_format, **options):
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def test_grey_values_and_plain_small_png_files_are_fast():
    assert is_fast_to_read(DIGIT.tobytes())
    assert is_fast_to_read(png(DIGIT))


def test_few_bytes_may_be_a_large_image():
    black = encoded(Image.new("L", (4096, 4096)), "WEBP", lossless=True)
    assert len(black) < 784
    assert not is_fast_to_read(black)
    assert not is_fast_to_read(black.ljust(784, b"\0"))
    assert not is_fast_to_read(encoded(Image.new("L", (1000, 1000)), "PNG"))
    assert not is_fast_to_read(png(DIGIT)[:16] + (28).to_bytes(4) + (50_000).to_bytes(4) + png(DIGIT)[24:])


def test_texts_make_a_png_file_slow():
    information = PngImagePlugin.PngInfo()
    information.add_text("key", "text" * 100, zip=True)
    assert not is_fast_to_read(encoded(Image.fromarray(DIGIT), "PNG", pnginfo=information))
    information = PngImagePlugin.PngInfo()
    information.add_text("key", "text" * 2000)
    assert not is_fast_to_read(encoded(Image.fromarray(DIGIT), "PNG", pnginfo=information))


def test_large_images_keep_neither_small_ones_nor_photographs_waiting(source, monkeypatch):
    """Two large images would occupy both threads for small ones."""
    release, original = threading.Event(), service_module.read_image

    def read(content, limits, preparation):
        if limits.pixels > 1_000_000 and limits.decoding_bytes:
            assert release.wait(10)
        return original(content, limits, preparation)

    monkeypatch.setattr(service_module, "read_image", read)
    pixels = np.pad(DIGIT, 600)
    large, small = png(pixels), encoded(Image.fromarray(np.pad(DIGIT, 40)), "JPEG")
    photograph = encoded(Image.fromarray(pixels), "JPEG")

    async def ask():
        service = Service(source, configured.serving())
        waiting = [asyncio.create_task(service.image(large)) for _ in range(3)]
        await asyncio.sleep(0.05)
        async with asyncio.timeout(5):
            read = [await service.image(small), await service.image(photograph)]
        assert not any(task.done() for task in waiting)
        release.set()
        return [*read, *await asyncio.gather(*waiting)]

    assert [image.image.shape for image in asyncio.run(ask())] == [(28, 28)] * 5


def test_an_image_beyond_the_limit_is_refused_with_the_limit(source):
    service = Service(source, configured.serving(max_pixels=2_000_000))
    with pytest.raises(ImageTooLarge, match="1500 x 1500 pixels, expected at most 2,000,000 in total"):
        asyncio.run(service.image(png(np.zeros((1500, 1500)))))
    service = Service(source, configured.serving(max_pixels=10_000))
    with pytest.raises(ImageTooLarge, match="expected at most 10,000 in total"):
        asyncio.run(service.image(png(np.zeros((1500, 1500)))))


def test_the_file_counts_towards_the_memory_for_decoding(source):
    content = png(np.random.default_rng(0).integers(0, 256, (1200, 1200)))
    assert len(content) > 1_400_000
    service = Service(source, configured.serving(max_decoding_bytes=1_440_000 + len(content)))
    assert asyncio.run(service.image(content)).image.shape == (28, 28)
    service = Service(source, configured.serving(max_decoding_bytes=1_440_000 + len(content) - 1))
    with pytest.raises(ImageTooLarge, match="take about 1 MB to decode, expected at most 1 MB"):
        asyncio.run(service.image(content))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_blamed_on_the_image(source, value):
    pixels = np.pad(DIGIT / 255, 10).astype(np.float32)
    pixels[3, 3] = value
    service = Service(source, configured.serving())
    with pytest.raises(ValueError, match=r"^The grey values contain NaN or infinity, expected numbers from 0 to 255"):
        asyncio.run(service.image(encoded(Image.fromarray(pixels), "TIFF")))
