"""Check that the service gives the same digits as the evaluation.

Sends the first test digits of the newest evaluation to the service over HTTP: as PNG without a change, which must give
exactly the digits of `predictions`; and inverted, as JPEG of quality 50, enlarged to 100 to 400 pixels with a border,
and all of that together, which may cost one point of accuracy. Writes serving_accuracy.json. Exit code 1 if one of
these does not hold.
"""

import base64
import io
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common.artifacts import NETWORK, newest
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.serving.services import OURS, ask, running
from mnist_growth.digits.idx import read_images

NAME = "serving_accuracy"
UNCHANGED = "unchanged"
MAX_LOSS = 0.01  # of accuracy, for digits that are changed

Pixels = NDArray[np.uint8]


def main() -> None:
    """Send the digits, compare and write."""
    options_parser = parser(__doc__, "20 digits")
    options_parser.add_argument("--digits", type=int, default=1000)
    options_parser.add_argument("--seed", type=int, default=0, help="of sizes and borders")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)

    count = 20 if options.quick else options.digits
    predictions = pd.read_parquet(newest("predictions.parquet")).head(count)
    images = read_images(newest("test_digits") / "images.idx3-ubyte")[: len(predictions)]
    labels, evaluated = predictions["label"].to_numpy(), predictions["prediction"].to_numpy()
    accuracy = float((evaluated == labels).mean())
    rows, wrong = {}, []
    with tempfile.TemporaryDirectory() as folder, running(OURS, newest(NETWORK), Path(folder)) as (port, _):
        for name, encode in encodings(options.seed).items():
            found = np.array([digit(port, encode(image)) for image in images])
            same, served = int((found == evaluated).sum()), float((found == labels).mean())
            rows[name] = {"same_as_evaluated": same, "accuracy": served}
            print(f"{name:26} {same} of {len(images)} as evaluated, accuracy {served:.2%} (evaluation {accuracy:.2%})")
            if same < len(images) if name == UNCHANGED else abs(served - accuracy) > MAX_LOSS:
                wrong.append(name)
    findings = {"seed": options.seed, "evaluated_accuracy": accuracy, "images": rows}
    path = write_results(NAME, circumstances, findings, n=len(images), quick=options.quick)
    print(f"Differs too much from the evaluation: {', '.join(wrong) or 'none'}. Wrote {path}.")
    sys.exit(bool(wrong))


def encodings(seed: int) -> Mapping[str, Callable[[Pixels], bytes]]:
    """Return ways to encode a digit, uint8 [28, 28], as a file."""
    generator = np.random.default_rng(seed)

    def enlarged(image: Pixels) -> Pixels:
        side = int(generator.integers(100, 401))
        large = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))
        return np.pad(large, int(generator.integers(0, side // 2)))

    return {
        UNCHANGED: lambda image: file_of(image, "PNG"),
        "inverted": lambda image: file_of(255 - image, "PNG"),
        "JPEG": lambda image: file_of(image, "JPEG"),
        "JPEG, inverted": lambda image: file_of(255 - image, "JPEG"),
        "enlarged": lambda image: file_of(enlarged(image), "PNG"),
        "enlarged, inverted": lambda image: file_of(255 - enlarged(image), "PNG"),
        "enlarged, inverted, JPEG": lambda image: file_of(255 - enlarged(image), "JPEG"),
    }


def file_of(pixels: Pixels, file_format: str) -> bytes:
    """Encode pixels as an image file; JPEG has quality 50."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, file_format, **({"quality": 50} if file_format == "JPEG" else {}))
    return file.getvalue()


def digit(port: int, content: bytes) -> int:
    """Ask the service for the digit in an image file."""
    answer = ask(port, "/predict", json.dumps({"image": base64.b64encode(content).decode()}).encode())
    return int(json.loads(answer)["prediction"])


if __name__ == "__main__":
    main()
