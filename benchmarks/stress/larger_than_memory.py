"""Run the project on more digits than its memory limit allows to hold.

Writes IDX files with 1,000,000 images (784 MB) into a temporary folder and runs all pipelines on them, with one epoch,
while the data segment of the process (its private writable memory: heap, stacks, copies) is limited to 700 MB. Writes
larger_than_memory.json. Exit code 1 if the run fails.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.artifacts import newest
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.project_folder import make_project
from benchmarks.common.results import write_results
from mnist_growth.digits.idx import write_images, write_labels

NAME = "larger_than_memory"
KINDS = ("private", "peak_rss")
BLOCK = 10_000  # images written at a time
QUICK_IMAGES = 20_000
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
from kedro.framework.cli.cli import main
try:
    main()
finally:
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print("private:", status["VmData"].strip(), "resident:", status["VmHWM"].strip(), file=sys.stderr)
"""


def main() -> None:
    """Make the digits, run the project, and write."""
    options_parser = parser(__doc__, f"{QUICK_IMAGES:,} images")
    options_parser.add_argument("--images", type=int, default=1_000_000)
    options_parser.add_argument("--limit-mb", type=int, default=700)
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    images = QUICK_IMAGES if options.quick else options.images
    with tempfile.TemporaryDirectory() as folder:
        project, digits = make_project(Path(folder) / "project"), Path(folder) / "digits"
        digits.mkdir()
        write_set(digits, images)
        parameters = f"dataset=folder,archive.path={digits},training.epochs=1,growth.max_neurons=128"
        command = [sys.executable, "-c", LIMITED, str(options.limit_mb * 1_000_000), "run", "--params", parameters]
        # The allocator of Arrow reserves a gigabyte of address space, which counts towards the limit even if unused.
        environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "MLFLOW_DISABLE_TELEMETRY": "true"}
        started = time.perf_counter()
        result = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        print(result.stdout, result.stderr, sep="\n")
        findings: dict[str, Any] = {
            "images": images,
            "limit_mb": options.limit_mb,
            "seconds": seconds,
            "exit_code": result.returncode,
            **peaks(result.stderr),
        }
        if result.returncode == 0:
            metrics = json.loads(newest("test_metrics.json", project).read_text("utf-8"))
            findings |= {key: metrics[key] for key in ("accuracy", "examples")}
    path = write_results(NAME, circumstances, findings, n=1, quick=options.quick)
    print(f"Exit code {result.returncode} after {seconds:.0f} s; memory: {peaks(result.stderr)}. Wrote {path}.")
    sys.exit(result.returncode != 0)


def peaks(errors: str) -> dict[str, float]:
    """Read private and peak resident memory from the output of the run, in MB; empty if it was killed."""
    found = re.findall(r"private: (\d+) kB resident: (\d+) kB", errors)
    return {f"{kind}_mb": int(kb) * 1024 / 1e6 for pair in found[-1:] for kind, kb in zip(KINDS, pair, strict=True)}


def write_set(folder: Path, count: int) -> None:
    """Write images of noise with a bar whose height gives the class, and a small test set of the same kind.

    Args:
        folder: Folder for the four IDX files.
        count: Number of training images.
    """
    generator = np.random.default_rng(0)
    for part, images in (("train", count), ("t10k", 1000)):
        labels = np.arange(images, dtype=np.int64) % 10
        path = folder / "images.tmp"
        pixels = np.memmap(path, np.uint8, "w+", shape=(images, 28, 28))
        for start in range(0, images, BLOCK):
            block = generator.integers(0, 60, (min(BLOCK, images - start), 28, 28), dtype=np.uint8)
            for label in range(10):
                block[label::10, 4 + 2 * label : 6 + 2 * label, 6:22] += 180
            pixels[start : start + len(block)] = block
        write_images(folder / f"{part}-images-idx3-ubyte", pixels)
        write_labels(folder / f"{part}-labels-idx1-ubyte", labels)
        path.unlink()


if __name__ == "__main__":
    main()
