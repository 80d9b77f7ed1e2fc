"""Does drift raise an alarm, and MNIST none? `python -m benchmarks.serving.drift` asks the newest network.

Its test digits, in the order of their file and shuffled, make windows of 500 that must all be quiet; the same digits
inverted, rotated, noisy, blurred, and textures in the place of digits must raise an alarm in the first window. Prints
a table and writes benchmarks/results/drift.json. Exit code 1 if a window is loud that must be quiet, or the other way.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.common.base_parameters import from_base
from benchmarks.common.hardware import describe
from benchmarks.common.paths import PROJECT, RESULTS
from mnist_growth.batch import Picture, features_of, predict_pictures
from mnist_growth.digits.idx import read_pair
from mnist_growth.drift import DriftConfig, DriftReference, load_reference, watch
from mnist_growth.network import TrainedNetwork, load_network, predict_logits

FILE = RESULTS / "drift.json"

Images = NDArray[np.uint8]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=20)
    options = parser.parse_args()
    config = from_base(DriftConfig, "drift")
    trained, reference, images = newest()
    generator = np.random.default_rng(0)
    report = partial(watched, trained, reference, config)
    count = min(options.windows, len(images) // config.window) * config.window
    quiet = {"in file order": images[:count], "shuffled": images[generator.permutation(len(images))[:count]]}
    one = images[: config.window]
    loud = {name: change(one, generator) for name, change in CHANGES.items()}
    results: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "hardware": describe(),
        "dataset": trained.dataset,
        "window": config.window,
        "quiet": {name: summary(report(digits)) for name, digits in quiet.items()},
        "loud": {name: summary(report(digits)) for name, digits in loud.items()},
    }
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(results, indent=2) + "\n")
    print(table(results))
    wrong = [name for name, row in results["quiet"].items() if row["alarms"]]
    wrong += [name for name, row in results["loud"].items() if not row["alarms"]]
    print(f"not as it should be: {', '.join(wrong) or 'nothing'}")
    sys.exit(1 if wrong else 0)


def newest() -> tuple[TrainedNetwork, DriftReference, Images]:
    """The newest network, its reference, and its test images."""
    paths = sorted(PROJECT.glob("data/06_models/network.safetensors/*/network.safetensors"))
    if not paths:
        sys.exit("there is no trained network: `kedro run` makes one")
    trained = load_network(paths[-1])
    digest = trained.sha256
    references = map(load_reference, PROJECT.glob("data/06_models/drift_reference.json/*/drift_reference.json"))
    reference = next((each for each in references if each.weights_sha256 == digest), None)
    if reference is None:
        sys.exit("the newest network has no drift reference: `kedro run --pipeline drift_reference` makes one")
    for folder in sorted(PROJECT.glob("data/02_intermediate/test_digits/*/test_digits"), reverse=True):
        if json.loads((folder / "digits.json").read_text())["fingerprint"] == trained.fingerprint:
            images, _ = read_pair(folder / "images.idx3-ubyte", folder / "labels.idx1-ubyte")
            return trained, reference, np.array(images)
    sys.exit("the digits of the newest network are not there: `kedro run --pipeline ingest` fetches them")


def watched(trained: TrainedNetwork, reference: DriftReference, config: DriftConfig, images: Images) -> pd.DataFrame:
    """Report of images, as the batch prediction makes it."""
    pictures = (Picture(str(number), image) for number, image in enumerate(images))
    parts = predict_pictures(pictures, partial(predict_logits, trained.network))
    return watch(reference, (features_of(part.predictions) for part in parts), config)


def rotated(degrees: float, images: Images, _: np.random.Generator) -> Images:
    """Turn every image."""
    turned = ndimage.rotate(images.astype(np.float32), degrees, axes=(1, 2), reshape=False, order=1)
    return np.asarray(turned.clip(0, 255), np.uint8)


def noisy(deviation: float, images: Images, generator: np.random.Generator) -> Images:
    """Add Gaussian noise, in grey values."""
    return (images + generator.normal(0, deviation, images.shape)).clip(0, 255).astype(np.uint8)


def textures(images: Images, generator: np.random.Generator) -> Images:
    """Large patches with a woven or smooth surface, as pictures of clothing are."""
    height, width = generator.integers(14, 27, (2, len(images)))
    y, x = np.mgrid[:28, :28][:, np.newaxis] - 13.5
    inside = (np.abs(y) < height[:, None, None] / 2) & (np.abs(x) < width[:, None, None] / 2)
    waves = np.sin(x * generator.uniform(0.3, 2, (len(images), 1, 1))) * np.sin(
        y * generator.uniform(0.3, 2, (len(images), 1, 1))
    )
    grain = ndimage.gaussian_filter(generator.normal(0, 1, images.shape), (0, 1, 1))
    return np.asarray(inside * (150 + 60 * waves + 80 * grain)).clip(0, 255).astype(np.uint8)


CHANGES: dict[str, Callable[[Images, np.random.Generator], Images]] = {
    "inverted": lambda images, _: 255 - images,
    "rotated by 30 degrees": partial(rotated, 30),
    "rotated by 90 degrees": partial(rotated, 90),
    "noise of 50 grey values": partial(noisy, 50),
    "noise of 100 grey values": partial(noisy, 100),
    "blurred by 1.5 pixels": lambda images, _: ndimage.gaussian_filter(images, (0, 1.5, 1.5)),
    "textures": textures,
}


def summary(report: pd.DataFrame) -> dict[str, Any]:
    """Windows, those with an alarm, the features that raised it, and the largest values of each feature."""
    alarms = report[report["alarm"]]
    return {
        "windows": int(report["window"].nunique()),
        "alarms": int(alarms["window"].nunique()),
        "features": list(dict.fromkeys(alarms["feature"])),
        "largest": {
            str(name): {key: round(float(rows[key].max()), 3) for key in ("kl", "psi", "ks")}
            for name, rows in report.groupby("feature", sort=False)
        },
    }


def table(results: dict[str, Any]) -> str:
    """What was measured, as Markdown."""
    lines = ["| Images | Windows | With an alarm | Raised by | Largest PSI |", "|---|---|---|---|---|"]
    for name, row in {**results["quiet"], **results["loud"]}.items():
        largest = ", ".join(f"{feature} {values['psi']:.2f}" for feature, values in row["largest"].items())
        lines.append(f"| {name} | {row['windows']} | {row['alarms']} | {', '.join(row['features'])} | {largest} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
