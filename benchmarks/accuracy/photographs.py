"""Measure how many digits are recognised in photographs and scans, and how many images are doubtful.

Makes images of every kind in `scenes.py` from the first MNIST test digits, prepares and predicts them with the newest
network, and writes photographs.json. Also counts the pages with several digits that are found, and the digits of MNIST
that change or are doubtful.
"""

import io
from collections import Counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.accuracy.scenes import SCENES, several_digits
from benchmarks.common.artifacts import NETWORK, newest
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.common.tables import markdown
from mnist_growth.digits import PreparedImage, decode_image
from mnist_growth.digits.doubt import SEVERAL_DIGITS
from mnist_growth.digits.idx import read_images, read_labels
from mnist_growth.network import TrainedNetwork, load_network, predict_logits

NAME = "photographs"


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "5 digits of each kind")
    options_parser.add_argument("--digits", type=int, default=100, help="number of test digits, used for each kind")
    options_parser.add_argument("--seed", type=int, default=0, help="of sizes, positions and shades")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    count = 5 if options.quick else options.digits
    folder = newest("test_digits")
    images = np.array(read_images(folder / "images.idx3-ubyte")[:count])
    labels = np.array(read_labels(folder / "labels.idx1-ubyte")[:count])
    trained = load_network(newest(NETWORK))

    kinds: dict[str, dict[str, int]] = {}
    for name, scene in SCENES.items():
        random = np.random.default_rng(options.seed)
        prepared = [_prepared(trained, scene(image, random)) for image in images]
        kinds[name] = {
            "right": _right(trained, prepared, labels),
            "doubtful": sum(bool(one.doubts) for one in prepared),
        }
        print(f"{name:24} {kinds[name]['right']} right, {kinds[name]['doubtful']} doubtful of {count}", flush=True)
    findings = {
        "seed": options.seed,
        "network_accuracy": _right(trained, [trained.preparation.apply(image) for image in images], labels) / count,
        "kinds": kinds,
        "several_digits": _several(trained, images, options.seed),
    }
    path = write_results(NAME, circumstances, findings, n=count, quick=options.quick)
    rows = [(name.replace("_", " "), *found.values()) for name, found in kinds.items()]
    print(markdown(("kind", "right", "doubtful"), rows))
    print(f"Several digits: {findings['several_digits']}. Wrote {path}.")


def _prepared(trained: TrainedNetwork, image: Image.Image) -> PreparedImage:
    file = io.BytesIO()
    image.save(file, "PNG")
    return trained.preparation.apply(decode_image(file.getvalue()))


def _right(trained: TrainedNetwork, prepared: list[PreparedImage], labels: NDArray[np.integer]) -> int:
    logits = predict_logits(trained.network, np.stack([one.image for one in prepared]))
    return int((logits.argmax(axis=1) == labels).sum())


def _several(trained: TrainedNetwork, images: NDArray[np.uint8], seed: int) -> dict[str, int]:
    """Count pages with two and three digits whose number is found, and that are marked at all."""
    random = np.random.default_rng(seed)
    found: Counter[str] = Counter(pages=0, marked=0, counted=0)
    for start in range(len(images)):
        number = 2 + start % 2
        page = several_digits([images[(start + next_) % len(images)] for next_ in range(number)], random)
        doubts = _prepared(trained, page).doubts
        found["pages"] += 1
        found["marked"] += any(doubt.startswith(SEVERAL_DIGITS) for doubt in doubts)
        found["counted"] += f"{SEVERAL_DIGITS} ({number})" in doubts
    return dict(found)


if __name__ == "__main__":
    main()
