"""Check that the memory of a batch prediction does not grow with the number of files.

Predicts 20,000 small files: digits of the sample as PNG, under many names in nested folders. Prints files per second
and the resident memory, and fits a line to it, without the first tenth, in which the libraries allocate what they
need. Writes batch_memory.json. Exit code 1 if the slope is above 400 bytes per file, half of what an image takes.
"""

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

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.networks import network_or_untrained
from benchmarks.common.results import write_results
from mnist_growth.batch import Part, open_source, predict_pictures
from mnist_growth.batch import write_results as write_predictions
from mnist_growth.digits import DIGIT_NAMES, MNIST_PREPARATION, sample_digits
from mnist_growth.machine import rss_bytes
from mnist_growth.network import predict_logits

NAME = "batch_memory"
MAX_SLOPE = 400  # bytes per file
FILES_PER_FOLDER = 1000
DIFFERENT_FILES = 500
QUICK_FILES = 2000


def main() -> None:
    """Predict, fit a line, and write."""
    options_parser = parser(__doc__, f"{QUICK_FILES} files; the slope is not checked")
    options_parser.add_argument("--files", type=int, default=20_000)
    options_parser.add_argument("--flat", action="store_true", help="all files in one folder")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    torch.set_num_threads(1)
    network = network_or_untrained().network
    files = QUICK_FILES if options.quick else options.files
    with tempfile.TemporaryDirectory() as name:
        folder = make_files(Path(name) / "files", files, options.flat)
        resident: list[tuple[int, int]] = []
        started = time.perf_counter()
        parts = predict_pictures(
            open_source(str(folder)), partial(predict_logits, network), MNIST_PREPARATION.apply, DIGIT_NAMES
        )
        results = write_predictions(Path(name) / "results", noting(parts, resident))
        seconds = time.perf_counter() - started
    counts, memory = np.array(resident[len(resident) // 10 :]).T
    slope = float(np.polyfit(counts, memory, 1)[0])
    for count, used in resident[:: max(1, len(resident) // 20)]:
        print(f"{count:8,} files  resident {used / 1e6:8.2f} MB")
    findings = {
        "files_per_second": results.predicted / seconds,
        "bytes_per_file": slope,
        "max_bytes_per_file": MAX_SLOPE,
        "resident": resident,
    }
    path = write_results(NAME, circumstances, findings, n=results.predicted, quick=options.quick)
    print(
        f"{results.predicted:,} files, {results.predicted / seconds:,.0f} per second; memory {slope:+.1f} bytes per "
        f"file (at most {MAX_SLOPE}). Wrote {path}."
    )
    sys.exit(results.predicted != files or (slope > MAX_SLOPE and not options.quick))


def make_files(folder: Path, count: int, flat: bool) -> Path:
    """Write some digits as PNG and link them under many names.

    Args:
        folder: Folder to create.
        count: Number of names.
        flat: Whether all names are in one folder.
    """
    originals = folder.parent / "originals"
    originals.mkdir()
    images = sample_digits().train.images[:DIFFERENT_FILES]
    for number, image in enumerate(images):
        Image.fromarray(image).save(originals / f"{number}.png")
    for number in range(count):
        path = folder / ("" if flat else f"{number // FILES_PER_FOLDER:04d}") / f"{number:07d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(originals / f"{number % len(images)}.png", path)
    return folder


def noting(parts: Iterator[Part], resident: list[tuple[int, int]]) -> Iterator[Part]:
    """Pass parts on, and note the number of files and the resident memory after each."""
    count = 0
    for part in parts:
        yield part
        count += len(part.predictions)
        resident.append((count, rss_bytes()))


if __name__ == "__main__":
    main()
