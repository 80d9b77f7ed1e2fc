"""Does the service give the labels that evaluation gives? `python -m benchmarks.serving.accuracy`.

Sends the first test digits of the newest evaluation to the service, over HTTP: as PNG as they are, which has to give
the labels of `predictions` exactly; and inverted, as JPEG of quality 50, enlarged to 100 to 400 pixels with a border,
and all of that together, which may cost one point of accuracy. Exit code 1 if something of that does not hold.
"""

import argparse
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

from benchmarks.common.paths import PROJECT
from benchmarks.serving.services import RIVALS, ask, running
from mnist_growth.digits.idx import read_images

MOST_LOST = 0.01  # share of the digits

Pixels = NDArray[np.uint8]


def main() -> None:
    """Ask, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--digits", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of sizes and borders")
    options = parser.parse_args()

    data = PROJECT / "data"
    predictions = pd.read_parquet(newest(data, "07_model_output/predictions.parquet")).head(options.digits)
    images = test_images(data)[: len(predictions)]
    labels = predictions["label"].to_numpy()
    evaluated = float((predictions["prediction"] == labels).mean())
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        network = newest(data, "06_models/network.safetensors")
        with running(RIVALS[0], network, Path(folder)) as (port, _):
            for name, encode in encodings(options.seed).items():
                found = np.array([digit(port, encode(image)) for image in images])
                same, accuracy = int((found == predictions["prediction"]).sum()), float((found == labels).mean())
                print(f"{name:28} {same} of {len(images)} as evaluated, accuracy {accuracy:.2%} ({evaluated:.2%})")
                exact = name == "as it is"
                if same < len(images) if exact else abs(accuracy - evaluated) > MOST_LOST:
                    failures.append(name)
    print(f"too far from the evaluation: {', '.join(failures)}" if failures else "as it should be")
    sys.exit(bool(failures))


def newest(data: Path, entry: str) -> Path:
    """File of the newest version of an entry of the catalog."""
    found = sorted((data / entry).glob(f"*/{Path(entry).name}"))
    if not found:
        sys.exit(f"there is no {entry} in {data}: run `kedro run` first")
    return found[-1]


def test_images(data: Path) -> Pixels:
    """The newest test digits: uint8 [N, 28, 28]."""
    folders = sorted((data / "02_intermediate/test_digits").glob("*/test_digits"))
    return read_images(next(folders[-1].glob("*images*")))


def encodings(seed: int) -> Mapping[str, Callable[[Pixels], bytes]]:
    """Ways to send a digit, uint8 [28, 28], as a file."""
    generator = np.random.default_rng(seed)

    def enlarged(image: Pixels) -> Pixels:
        side = int(generator.integers(100, 401))
        large = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))
        return np.pad(large, int(generator.integers(0, side // 2)))

    return {
        "as it is": lambda image: file_of(image, "PNG"),
        "inverted": lambda image: file_of(255 - image, "PNG"),
        "JPEG": lambda image: file_of(image, "JPEG"),
        "JPEG, inverted": lambda image: file_of(255 - image, "JPEG"),
        "enlarged": lambda image: file_of(enlarged(image), "PNG"),
        "enlarged, inverted": lambda image: file_of(255 - enlarged(image), "PNG"),
        "enlarged, inverted, JPEG": lambda image: file_of(255 - enlarged(image), "JPEG"),
    }


def file_of(pixels: Pixels, file_format: str) -> bytes:
    """An image file; JPEG of quality 50."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, file_format, **({"quality": 50} if file_format == "JPEG" else {}))
    return file.getvalue()


def digit(port: int, content: bytes) -> int:
    """What the service says."""
    answer = ask(port, "/predict", json.dumps({"image": base64.b64encode(content).decode()}).encode())
    return int(json.loads(answer)["digit"])


if __name__ == "__main__":
    main()
