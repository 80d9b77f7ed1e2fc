"""Accuracy, time and memory of whole runs: `python -m benchmarks.accuracy.whole_run --params dataset=mnist --seeds 3`.

Every run is a `kedro run` in a process of its own, with another seed. Prints a table and writes
benchmarks/results/whole_run.json, where results of other environments and parameters are kept.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.common.hardware import describe
from benchmarks.common.paths import PROJECT, RESULTS

FILE = RESULTS / "whole_run.json"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="local", help="Kedro environment")
    parser.add_argument("--params", default="", help="parameters beside the seed, as for kedro run")
    parser.add_argument("--seeds", type=int, default=3, help="number of runs, seeds 0, 1, ...")
    options = parser.parse_args()

    runs = [one_run(options.env, options.params, seed) for seed in range(options.seeds)]
    name = " ".join(part for part in (f"--env {options.env}", options.params) if part)
    results = json.loads(FILE.read_text()) if FILE.exists() else {}
    results[name] = {"date": time.strftime("%Y-%m-%d"), "hardware": describe(), "runs": runs}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")
    print(table(name, results[name]))


def one_run(env: str, params: str, seed: int) -> dict[str, Any]:
    """Run the project once and collect what it measured."""
    command = [shutil.which("kedro", path=str(Path(sys.executable).parent)) or "kedro", "run", "--env", env]
    command += ["--params", ",".join(part for part in (params, f"training.seed={seed}") if part)]
    print(" ".join(["kedro", *command[1:]]), flush=True)
    started = time.perf_counter()
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    metrics = json.loads(newest("08_reporting/test_metrics.json").read_text())
    history = pd.read_parquet(newest("06_models/training_history.parquet"))
    return {
        "seed": seed,
        "dataset": metrics["dataset"],
        "test_accuracy": metrics["accuracy"],
        "test_examples": metrics["examples"],
        "expected_calibration_error": metrics["expected_calibration_error"],
        "validation_accuracy": float(history["validation_accuracy"].iloc[-1]),
        "widths": history["widths"].iloc[-1],
        "epochs": len(history),
        "training_seconds": round(float(history["seconds"].sum()), 1),
        "command_seconds": round(seconds, 1),
        "peak_rss_mb": round(int(history["peak_rss_bytes"].max()) / 1e6),
    }


def newest(dataset: str) -> Path:
    """File of the newest version of a dataset in the data folder."""
    folder = PROJECT / "data" / dataset
    return max(folder.iterdir()) / folder.name


def table(name: str, result: dict[str, Any]) -> str:
    """One row of mean, deviation and number of runs, as Markdown."""
    runs, machine = result["runs"], result["hardware"]

    def mean(key: str) -> str:
        values = [run[key] for run in runs]
        deviation = statistics.stdev(values) if len(values) > 1 else 0.0
        scale, digits = (100, 2) if "accuracy" in key else (1, 0)
        return f"{scale * statistics.mean(values):.{digits}f} ± {scale * deviation:.{digits}f}"

    return (
        f"| run | test accuracy, % | command, s | training, s | peak RSS, MB | n |\n|---|---|---|---|---|---|\n"
        f"| {name} | {mean('test_accuracy')} | {mean('command_seconds')} | {mean('training_seconds')} "
        f"| {mean('peak_rss_mb')} | {len(runs)} |\n"
        f"{machine['processor']}, {machine['threads']} threads, float32 matmul {machine['matmul_gflops']} GFLOP/s"
    )


if __name__ == "__main__":
    main()
