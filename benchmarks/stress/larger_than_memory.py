"""A set that does not fit: 1,000,000 images through ingest, preprocess and one epoch with little memory of its own.

`python -m benchmarks.stress.larger_than_memory` writes IDX files of 784 MB into a temporary folder, runs the project
on them with the data segment of the process (its private writable memory: heap, stacks, copies) limited to 700 MB, and
prints the largest amount that was used. Writes benchmarks/results/larger_than_memory.json.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.common.paths import PROJECT
from benchmarks.common.tables import keep_findings
from mnist_growth.digits.idx import write_images, write_labels

KINDS = ("private", "peak_rss")
COPIED = ("conf", "data", "pyproject.toml", ".telemetry")
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
    """Make the set, run, and say how much memory it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--limit-mb", type=int, default=700)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project, digits = Path(folder) / "project", Path(folder) / "digits"
        for name in COPIED:
            source = PROJECT / name
            if source.is_dir():
                shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("*.*" if name == "data" else ""))
            else:
                project.mkdir(exist_ok=True)
                shutil.copy(source, project / name)
        (project / "src").mkdir()  # Kedro wants the folder; the package itself is installed
        digits.mkdir()
        write_set(digits, options.images)
        parameters = f"dataset=folder,archive.path={digits},training.epochs=1,growth.max_neurons=128"
        command = [sys.executable, "-c", LIMITED, str(options.limit_mb * 1_000_000), "run", "--params", parameters]
        started = time.perf_counter()
        # Arrow's own allocator reserves a gigabyte of address space, used or not, and the limit counts that.
        env = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"}
        result = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
        print(result.stdout, result.stderr, sep="\n")
        seconds = time.perf_counter() - started
        print(f"exit code {result.returncode} after {seconds:.0f} s")
        findings: dict[str, Any] = {"images": options.images, "limit_mb": options.limit_mb, "seconds": seconds}
        findings |= {"exit_code": result.returncode, **peaks(result.stderr)}
        if result.returncode == 0:
            versions = project / "data" / "08_reporting" / "test_metrics.json"
            metrics = json.loads((max(versions.iterdir()) / versions.name).read_text())
            history = pd.read_parquet(max((project / "data/06_models/training_history.parquet").iterdir()))
            print({key: metrics[key] for key in ("accuracy", "examples")}, history.iloc[-1].to_dict())
            findings |= {"accuracy": metrics["accuracy"], "examples": metrics["examples"]}
        print(keep_findings("larger_than_memory", findings))
        sys.exit(result.returncode)


def peaks(errors: str) -> dict[str, float]:
    """Private memory at the end and the largest resident memory, in MB; nothing where the process was killed."""
    said = re.findall(r"private: (\d+) kB resident: (\d+) kB", errors)
    return {f"{kind}_mb": int(kb) * 1024 / 1e6 for pair in said[-1:] for kind, kb in zip(KINDS, pair, strict=True)}


def write_set(folder: Path, count: int) -> None:
    """Random images with a bar whose height gives the class, and a small test set of the same kind."""
    generator = np.random.default_rng(0)
    for part, images in (("train", count), ("t10k", 1000)):
        labels = np.arange(images, dtype=np.int64) % 10
        path = folder / "images.tmp"
        pixels = np.memmap(path, np.uint8, "w+", shape=(images, 28, 28))
        for start in range(0, images, 10_000):
            block = generator.integers(0, 60, (min(10_000, images - start), 28, 28), dtype=np.uint8)
            for label in range(10):
                block[label::10, 4 + 2 * label : 6 + 2 * label, 6:22] += 180
            pixels[start : start + len(block)] = block
        write_images(folder / f"{part}-images-idx3-ubyte", pixels)
        write_labels(folder / f"{part}-labels-idx1-ubyte", labels)
        path.unlink()


if __name__ == "__main__":
    main()
