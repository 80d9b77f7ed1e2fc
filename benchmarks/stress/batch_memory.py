"""Does memory grow with the number of files? `python -m benchmarks.stress.batch_memory` predicts 20,000 small ones.

The files are digits of the sample as PNG, the same ones under many names in nested folders. Prints files per second,
the resident memory along the way and its slope by least squares, without the first tenth, in which the libraries take
what they need. Exit code 1 if the slope is above 400 bytes per file, half of what an image takes.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mnist_growth.batch import Part, open_source, predict_pictures, write_results
from mnist_growth.digits import sample_digits
from mnist_growth.machine import rss_bytes
from mnist_growth.network import GrowingMLP, predict_logits

MOST = 400  # bytes per file
PER_FOLDER = 1000
DIFFERENT = 500


def main() -> None:
    """Predict, fit a line and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--flat", action="store_true", help="all in one folder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    network = GrowingMLP((512, 512, 512), generator=torch.Generator().manual_seed(0)).eval()
    with tempfile.TemporaryDirectory() as name:
        folder = make_files(Path(name) / "files", options.files, options.flat)
        resident: list[tuple[int, int]] = []
        started = time.perf_counter()
        parts = predict_pictures(open_source(str(folder)), partial(predict_logits, network))
        results = write_results(Path(name) / "results", noting(parts, resident))
        seconds = time.perf_counter() - started
    counts, memory = np.array(resident[len(resident) // 10 :]).T
    slope, _ = np.polyfit(counts, memory, 1)
    for count, used in resident[:: max(1, len(resident) // 20)]:
        print(f"{count:8,} files  resident {used / 1e6:8.2f} MB")
    print(
        f"{results.predicted:,} files, {results.predicted / seconds:,.0f} per second; "
        f"memory {slope:+.1f} bytes per file (at most {MOST})"
    )
    sys.exit(1 if results.predicted != options.files or slope > MOST else 0)


def make_files(folder: Path, count: int, flat: bool) -> Path:
    """Write some digits as PNG, and link them under all names."""
    originals = folder.parent / "originals"
    originals.mkdir()
    images = sample_digits().train.images[:DIFFERENT]
    for number, image in enumerate(images):
        Image.fromarray(image).save(originals / f"{number}.png")
    for number in range(count):
        path = folder / ("" if flat else f"{number // PER_FOLDER:04d}") / f"{number:07d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(originals / f"{number % len(images)}.png", path)
    return folder


def noting(parts: Iterator[Part], resident: list[tuple[int, int]]) -> Iterator[Part]:
    """Note files and resident memory after every part."""
    count = 0
    for part in parts:
        yield part
        count += len(part.predictions)
        resident.append((count, rss_bytes()))


if __name__ == "__main__":
    main()
