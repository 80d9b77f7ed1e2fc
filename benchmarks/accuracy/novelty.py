"""Measure how many images that are not digits the novelty detector of the newest network recognises.

Images of each kind are scored, and the test digits of the network; an image with a novelty above the accepted fraction
counts as recognised. Letters are drawn in the font that ships with Pillow and in those of a folder (`--fonts`); the
detector has seen neither. Prints a table and writes novelty.json.
"""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ImageFont

from benchmarks.accuracy.not_digits import FONT_SIZE, Font, kinds
from benchmarks.common.artifacts import NETWORK, digits_of, newest, versions
from benchmarks.common.base_parameters import from_base
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.common.tables import machine_line, markdown
from mnist_growth.network import load_network
from mnist_growth.novelty import NoveltyConfig, load_detector, novelty_of

NAME = "novelty"
DETECTOR = "novelty_detector.safetensors"


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "20 images of each kind")
    options_parser.add_argument("--images", type=int, default=1000, help="number of images of each kind")
    options_parser.add_argument("--fonts", type=Path, help="folder with TrueType and OpenType fonts")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    trained = load_network(newest(NETWORK))
    detectors = map(load_detector, reversed(versions(DETECTOR)))
    detector = next((each for each in detectors if each.network_sha256 == trained.sha256), None)
    digits = digits_of(trained.fingerprint, "test")
    if detector is None or digits is None:
        sys.exit("The newest network has no novelty detector or no test digits here: run `kedro run`.")
    accepted = from_base(NoveltyConfig, "novelty").accepted_fraction
    score = novelty_of(trained, detector)
    count = 20 if options.quick else options.images
    generator = np.random.default_rng(0)
    fonts = fonts_of(options.fonts)
    recognised = {"test digits": float((score(np.array(digits[0])) > accepted).mean())}
    for name, draw in kinds(fonts).items():
        images = np.stack([draw(generator) for _ in range(count)])
        recognised[name] = float((score(images) > accepted).mean())
    findings: dict[str, Any] = {
        "dataset": trained.dataset,
        "widths": list(trained.network.widths),
        "accepted_fraction": accepted,
        "fonts": len(fonts),
        "recognised": recognised,
    }
    path = write_results(NAME, circumstances, findings, n=count, quick=options.quick)
    print(table({**asdict(circumstances), **findings}))
    print(f"\nWrote {path}.")


def fonts_of(folder: Path | None) -> list[Font]:
    """Return the font that ships with Pillow, and those of a folder and its sub-folders."""
    paths = [] if folder is None else sorted(path for path in folder.rglob("*") if path.suffix in (".ttf", ".otf"))
    return [ImageFont.load_default(FONT_SIZE), *(ImageFont.truetype(path, FONT_SIZE) for path in paths)]


def table(results: Mapping[str, Any]) -> str:
    """Format one row for each kind of images."""
    rows = [(name, f"{share:.1%}") for name, share in results["recognised"].items()]
    return f"{markdown(('images', 'not a digit'), rows)}\n\n{results['dataset']}. {machine_line(results)}"


if __name__ == "__main__":
    main()
