import io
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from mnist_growth.digits.decoding import decode_image
from mnist_growth.digits.png_chunks import check_chunks, may_have_compressed_texts

PIXELS = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)


def png(texts=0, compressed=0):
    """A PNG file with texts."""
    information = PngImagePlugin.PngInfo()
    for number in range(texts):
        information.add_text(f"key {number}", "text")
    for number in range(compressed):
        information.add_text(f"compressed {number}", "text" * 100, zip=True)
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG", pnginfo=information)
    return file.getvalue()


@pytest.mark.parametrize(("texts", "compressed"), [(0, 0), (50, 0), (1900, 0), (0, 16)])
def test_files_with_some_texts_are_decoded(texts, compressed):
    content = png(texts, compressed)
    assert np.array_equal(decode_image(content), PIXELS)
    assert may_have_compressed_texts(content) == (compressed > 0)


def test_files_with_too_many_chunks_are_refused_before_they_are_opened(monkeypatch):
    monkeypatch.delattr(Image, "open")
    with pytest.raises(ValueError, match=r"has more than 2,000 chunks besides its pixels: save it again"):
        decode_image(png(texts=2000))
    with pytest.raises(ValueError, match="has more than 16 compressed texts: save it without them"):
        decode_image(png(compressed=17))


def test_pixels_may_have_any_number_of_chunks():
    """Encoders write a chunk for every few kilobytes."""
    content = png()
    start = content.index(b"IDAT") - 4
    length = int.from_bytes(content[start : start + 4])
    data = content[start + 8 : start + 8 + length]
    pieces = [data[index : index + 1] for index in range(len(data))] * 5
    chunks = [len(each).to_bytes(4) + b"IDAT" + each + zlib.crc32(b"IDAT" + each).to_bytes(4) for each in pieces]
    assert len(chunks) > 2000
    check_chunks(content[:start] + b"".join(chunks) + content[start + 12 + length :])


def test_other_and_incomplete_files_are_left_to_the_decoder():
    check_chunks(b"\xff\xd8\xff" + b"zTXt" * 1000)
    for length in range(60):
        check_chunks(png()[:length])
