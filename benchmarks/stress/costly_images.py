"""Images that are costly to decode: many pixels in few bytes, many bytes, or many chunks."""

import base64
import gzip
import io
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from benchmarks.stress.malformed_requests import DIGIT

TOO_LARGE, TOO_LARGE_WEBP = (4_000, 4_000), (16_383, 976)
"""Sizes that the service refuses at its default limits."""

LARGE, PHOTOGRAPH = (3_400, 3_400), (6_000, 4_000)
"""Sizes that it takes, just: in colour, and of a JPEG file."""


@dataclass(frozen=True)
class CostlyImage:
    """A body of `POST /predict` and its headers."""

    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/octet-stream"})


def _page(size: tuple[int, int], mode: str = "RGB", noise: int = 0) -> Image.Image:
    """Make a light page with a digit in the middle."""
    page = Image.new("L", size, 235)
    side = min(size) // 2
    ink = Image.fromarray(255 - DIGIT).resize((side, side))
    page.paste(ink, ((size[0] - side) // 2, (size[1] - side) // 2))
    if noise:
        values = np.random.default_rng(0).integers(-noise, noise, (size[1], size[0]), np.int16)
        page = Image.fromarray(np.clip(np.asarray(page) + values, 0, 255).astype(np.uint8))
    return page.convert(mode)


def _saved(image: Image.Image, file_format: str, **options: object) -> CostlyImage:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return CostlyImage(file.getvalue())


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _rgba16(size: tuple[int, int]) -> CostlyImage:
    """A PNG with four channels of 16 bits, which Pillow reads but does not write."""
    width, height = size
    page = np.asarray(_page(size)).astype(np.uint16) * 257
    opaque = np.concatenate([page, np.full((height, width, 1), 0xFFFF, np.uint16)], axis=2).astype(">u2")
    packer = zlib.compressobj(6)
    pixels = b"".join(packer.compress(b"\0" + row.tobytes()) for row in opaque) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 16, 6, 0, 0, 0)
    return CostlyImage(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b""))


def _many_chunks(kind: bytes, content: bytes, count: int) -> CostlyImage:
    file = io.BytesIO()
    Image.fromarray(DIGIT).save(file, "PNG")
    png = file.getvalue()
    return CostlyImage(png[:33] + _chunk(kind, content) * count + png[33:])


def _photograph_as_json() -> CostlyImage:
    photograph = _saved(_page(PHOTOGRAPH, noise=40), "JPEG", quality=80).body
    text = json.dumps({"image": base64.b64encode(photograph).decode()})
    return CostlyImage(text.encode(), {"Content-Type": "application/json"})


def _compressed_png() -> CostlyImage:
    png = _saved(_page((3_100, 3_100), noise=3), "PNG", compress_level=1).body
    headers = {"Content-Type": "image/png", "Content-Encoding": "gzip"}
    return CostlyImage(gzip.compress(png, 1), headers)


KINDS: dict[str, Callable[[], CostlyImage]] = {
    "webp_empty_too_large": lambda: _saved(Image.new("RGB", TOO_LARGE_WEBP), "WEBP", lossless=True),
    "webp_too_large": lambda: _saved(_page(TOO_LARGE_WEBP), "WEBP", lossless=True),
    "webp": lambda: _saved(_page((1_600, 1_600)), "WEBP", lossless=True),
    "png_rgba16": lambda: _rgba16(LARGE),
    "png_rgba16_too_large": lambda: _rgba16(TOO_LARGE),
    "png_rgb": lambda: _saved(_page(LARGE), "PNG"),
    "png_grey16": lambda: _saved(_page((2_500, 2_500), "I").convert("I;16"), "PNG"),
    "png_gzip": _compressed_png,
    "png_noise": lambda: _saved(
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (512, 512), np.uint8)), "PNG"
    ),
    "png_texts": lambda: _many_chunks(b"tEXt", b"a\0b", 45_000),
    "png_compressed_texts": lambda: _many_chunks(b"zTXt", b"a\0\0" + zlib.compress(bytes(60_000)), 400),
    "jpeg_photograph": lambda: _saved(_page(PHOTOGRAPH, noise=40), "JPEG", quality=80),
    "jpeg_progressive": lambda: _saved(_page((3_900, 3_900), noise=10), "JPEG", progressive=True),
    "jpeg_as_json": _photograph_as_json,
    "gif": lambda: _saved(_page(LARGE, "P"), "GIF"),
    "bmp": lambda: _saved(_page((2_300, 2_300)), "BMP"),
    "tiff": lambda: _saved(_page(LARGE), "TIFF", compression="tiff_lzw"),
}
