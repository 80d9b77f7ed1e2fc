"""Requests that no client should send: random bytes, mutated and nested JSON, and damaged images, forms and gzip."""

import base64
import gzip
import io
import json
import random
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from mnist_growth.digits import sample_digits

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
MODES = ("L", "RGB", "RGBA", "LA", "P", "1", "I;16", "F", "CMYK")
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 7, 1e308, float("nan"), float("inf"), 10**400, "", "A", "====", "\ud800", "\0", "ä" * 9, [],
    [[]], {}, {"image": "AAAA"}, ["AAAA"] * 600, "data:,", "data:image/png;base64", "A" * 100_000,
)  # fmt: skip
PATHS = (
    *("/predict", "/predict", "/predict", "/explain", "/predict/batch"),
    *("/model/reload", "/model", "/nothing", "/%00"),
)
OTHER_METHODS = ("GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH")
DIGIT = sample_digits().test.images[0]


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes:
        method: HTTP method.
        path: Path on the service.
        body: Body, usually JSON.
        headers: HTTP headers.
    """

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


def malformed(generator: random.Random) -> Request:
    """Make one request; some are correct."""
    path = generator.choice(PATHS)
    method = "POST" if generator.random() < 0.97 else generator.choice(OTHER_METHODS)
    headers = {"Content-Type": generator.choice(("application/json",) * 20 + ("text/plain", "image/png", ""))}
    content = body(generator, path)
    if generator.random() < 0.2:
        content, headers["Content-Type"] = file_body(generator)
    if generator.random() < 0.1:
        headers["Content-Encoding"] = generator.choice(("gzip", "deflate", "br", "gzip, deflate", "identity", ","))
        content = generator.choice((gzip.compress, zlib.compress))(content)
        if generator.random() < 0.5:
            content = mutated(generator, content)
    return Request(method, path, content, headers)


def file_body(generator: random.Random) -> tuple[bytes, str]:
    """Make a body that is an image file or a form with files, correct or damaged, and its type."""
    if generator.random() < 0.5:
        return mutated(generator, image_file(generator)), generator.choice(("image/png", "application/octet-stream"))
    content = b""
    for _ in range(generator.randrange(4)):
        name = generator.choice(("image", "images", "file", ""))
        head = f'--XX\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\n\r\n'
        content += head.encode() + image_file(generator) + b"\r\n"
    content += b"--XX--\r\n"
    if generator.random() < 0.5:
        content = mutated(generator, content)
    boundary = generator.choice((*("; boundary=XX",) * 5, "", "; boundary=", '; boundary="X', "; boundary=YY"))
    return content, "multipart/form-data" + boundary


def body(generator: random.Random, path: str) -> bytes:
    """Make the body of a request to a path, correct or wrong in one of many ways."""
    kind = generator.random()
    if kind < 0.1:
        return generator.randbytes(generator.choice((0, 1, 10, 784, 5000)))
    if kind < 0.15:
        return b'{"image":' + generator.choice((b"[", b'{"a":')) * generator.choice((10, 1000, 50_000))
    if kind < 0.25:
        content: Any = generator.choice(VALUES)
    elif path == "/predict/batch":
        content = {"images": [text(generator) for _ in range(generator.randrange(4))]}
    else:
        content = {"image": generator.choice(VALUES) if kind < 0.35 else text(generator)}
    if isinstance(content, dict) and generator.random() < 0.1:
        content = {**content, generator.choice(("image", "images", "extra", "")): generator.choice(VALUES)}
    encoded = json.dumps(content).encode()
    return mutated(generator, encoded) if generator.random() < 0.1 else encoded


def text(generator: random.Random) -> str:
    """Encode an image file, intact, damaged or forged, or 784 bytes in base64, which is sometimes damaged as well."""
    content = generator.randbytes(784) if generator.random() < 0.1 else image_file(generator)
    if generator.random() < 0.6:
        content = mutated(generator, content)
    encoded = base64.b64encode(content).decode()
    if generator.random() < 0.05:
        encoded = mutated(generator, encoded.encode()).decode("latin-1")
    return encoded


def image_file(generator: random.Random) -> bytes:
    """Make a file of some format, mode and size; a PNG may claim a size that is not its own."""
    height, width = (generator.choice((1, 2, 19, 28, 60, 300)) for _ in range(2))
    pixels = np.frombuffer(generator.randbytes(height * width), np.uint8).reshape(height, width)
    if generator.random() < 0.5:
        pixels = np.asarray(Image.fromarray(DIGIT).resize((width, height)))
    file_format, mode = generator.choice(FORMATS), generator.choice(MODES)
    image = Image.fromarray(pixels)
    if mode in ("I;16", "F"):
        image = Image.fromarray(pixels.astype(np.uint16 if mode == "I;16" else np.float32) * 200)
    elif mode != "L":
        image = image.convert(mode)
    file = io.BytesIO()
    try:
        image.save(file, file_format)
    except (OSError, ValueError):  # not every format supports every mode
        Image.fromarray(pixels).save(file, file_format)
    content = file.getvalue()
    if file_format == "PNG" and generator.random() < 0.2:
        claimed = struct.pack(">II", *(generator.choice((0, 1, 3999, 20_000, 2**31 - 1, 2**32 - 1)) for _ in range(2)))
        header = b"IHDR" + claimed + content[24:29]
        content = content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]
    return content


def mutated(generator: random.Random, content: bytes) -> bytes:
    """Flip, remove, repeat or insert bytes."""
    changed = bytearray(content)
    for _ in range(generator.choice((1, 1, 2, 5, 20))):
        if not changed:
            return b""
        start = generator.randrange(len(changed))
        end = min(start + generator.choice((1, 1, 4, 50, len(changed))), len(changed))
        action = generator.randrange(4)
        if action == 0:
            changed[start] = generator.randrange(256)
        elif action == 1:
            del changed[start:end]
        elif action == 2:
            changed[start:start] = changed[start:end]
        else:
            changed[start:start] = generator.randbytes(generator.choice((1, 4, 50)))
    return bytes(changed)
