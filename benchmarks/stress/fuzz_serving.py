"""Send the service what no client should: `python -m benchmarks.stress.fuzz_serving`; `make fuzz-serving`.

First 10,000 questions to a service in a process of its own: random bytes, mutated and nested JSON, and base64 of image
files of every format with flipped, missing, repeated and forged bytes. Then schemathesis, which reads the description
of the interface (OpenAPI) and sends what it allows and what it does not. No answer may have a status of 500 or more,
but 503 where too many requests are under way; none may take longer than 20 seconds; and in the end the service has to
give the right answer, with little more memory than before. Exit code 1 if something of that does not hold.
"""

import argparse
import base64
import http.client
import io
import json
import random
import struct
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mnist_growth.digits import sample_digits

SECONDS = 20  # for one answer, on a busy machine
MOST_GROWTH = 300e6  # bytes: decoding an image of 16 million pixels takes 64 MB and more
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
MODES = ("L", "RGB", "RGBA", "LA", "P", "1", "I;16", "F", "CMYK")
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 7, 1e308, float("nan"), float("inf"), 10**400, "", "A", "====", "\ud800", "\0", "ä" * 9, [],
    [[]], {}, {"image": "AAAA"}, ["AAAA"] * 600, "data:,", "data:image/png;base64", "A" * 100_000,
)  # fmt: skip
PATHS = (
    "/predict",
    "/predict",
    "/predict",
    "/explain",
    "/predict/batch",
    "/model/reload",
    "/model",
    "/nothing",
    "/%00",
)
DIGIT = sample_digits().test.images[0]

Ask = Callable[[str, str, bytes, dict[str, str]], int]
"""Method, path, body and headers; returns the status of the answer."""


@dataclass
class Report:
    """How often which status came, and what should not have been."""

    statuses: Counter[int] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)


def main() -> None:
    """Fuzz, let schemathesis test, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--examples", type=int, default=200, help="of schemathesis, for each operation")
    options = parser.parse_args()

    from benchmarks.serving.load import newest_network
    from benchmarks.serving.services import RIVALS, ask, digit_in, memory_bytes, running

    ours = RIVALS[0]
    question = ours.body(DIGIT[None])
    with tempfile.TemporaryDirectory() as temporary:
        network = newest_network(Path(temporary))
        with running(ours, network, Path(temporary)) as (port, process):
            before, memory = digit_in(ours, ask(port, ours.path, question)), memory_bytes(process)
            with Client(port) as send:
                report = fuzz(send, options.cases, options.seed)
            growth = memory_bytes(process) - memory
            print(f"{options.cases} cases, answers by status: {dict(sorted(report.statuses.items()))}")
            print(f"memory: {memory / 1e6:.0f} MB, {growth / 1e6:+.1f} MB afterwards")
            if growth > MOST_GROWTH:
                report.defects.append(f"the memory has grown by {growth / 1e6:.0f} MB")
            if not conforms(port, options.examples, options.seed):
                report.defects.append("schemathesis has found something, see above")
            if digit_in(ours, ask(port, ours.path, question)) != before:
                report.defects.append("the answer is another than before")
    print("\n".join(report.defects) or "no defects")
    sys.exit(bool(report.defects))


def fuzz(send: Ask, cases: int, seed: int) -> Report:
    """Send that many questions; the same ones for the same seed."""
    generator = random.Random(seed)
    report = Report()
    for number in range(cases):
        method, path, body, headers = case(generator)
        try:
            status = send(method, path, body, headers)
        except Exception as error:  # whatever it is, it is what this looks for
            report.defects.append(
                f"case {number} ({method} {path}, {len(body)} bytes): {type(error).__name__}: {error}"
            )
            continue
        report.statuses[status] += 1
        if status >= 500 and status != 503:
            report.defects.append(f"case {number} ({method} {path}, {body[:80]!r}): status {status}")
    return report


def case(generator: random.Random) -> tuple[str, str, bytes, dict[str, str]]:
    """One question: method, path, body and headers."""
    path = generator.choice(PATHS)
    method = (
        "POST" if generator.random() < 0.97 else generator.choice(("GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"))
    )
    headers = {"Content-Type": generator.choice(("application/json",) * 20 + ("text/plain", "image/png", ""))}
    return method, path, body(generator, path), headers


def body(generator: random.Random, path: str) -> bytes:
    """The body of a question, in one of many ways wrong, or right."""
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
    """Base64 of an image file, whole, mutated or forged, or of 784 bytes; now and then damaged itself."""
    content = generator.randbytes(784) if generator.random() < 0.1 else image_file(generator)
    if generator.random() < 0.6:
        content = mutated(generator, content)
    encoded = base64.b64encode(content).decode()
    if generator.random() < 0.05:
        encoded = mutated(generator, encoded.encode()).decode("latin-1")
    return encoded


def image_file(generator: random.Random) -> bytes:
    """A file of some format, mode and size; a PNG may claim another size than it has."""
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
    except (OSError, ValueError):  # not every format has every mode
        Image.fromarray(pixels).save(file, file_format)
    content = file.getvalue()
    if file_format == "PNG" and generator.random() < 0.2:
        claimed = struct.pack(">II", *(generator.choice((0, 1, 3999, 20_000, 2**31 - 1, 2**32 - 1)) for _ in range(2)))
        header = b"IHDR" + claimed + content[24:29]
        content = content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]
    return content


def mutated(generator: random.Random, content: bytes) -> bytes:
    """Content with bytes flipped, left out, repeated or put in."""
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


class Client:
    """Sends over one connection that is opened anew whenever the service has closed it."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)

    def __enter__(self) -> Ask:
        return self.send

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> int:
        """Ask, and return the status of the answer."""
        self.connection.request(method, path, content, headers)
        response = self.connection.getresponse()
        response.read()
        return response.status


def conforms(port: int, examples: int, seed: int) -> bool:
    """Whether schemathesis finds nothing: no status of 500, and answers that are as described."""
    command = [Path(sys.executable).with_name("schemathesis"), "run", f"http://127.0.0.1:{port}/openapi.json"]
    command += ["--max-examples", str(examples), "--seed", str(seed), "--request-timeout", str(SECONDS)]
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    command += ["--checks", checks, "--workers", "1", "--no-color"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    print(done.stdout[-6000:] + done.stderr[-2000:])
    return done.returncode == 0


if __name__ == "__main__":
    main()
