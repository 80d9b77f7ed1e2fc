"""What do Kedro, MLflow and checkpoints cost around a training? `python benchmarks/overhead.py`.

Runs the project as a user does, in a copy that leaves the user's data alone, and divides the wall time of the command:
training (seconds of the history), validation (measured apart, on networks of the same widths), the rest of the
training node (growths, checkpoints, monitor), and what is before and after that node (start-up, ingest, evaluation,
figures, record). Prints a table and writes benchmarks/results/overhead.json. `--quick` trains for seconds.
"""

import argparse
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from hardware import describe
from mnist_growth.network import GrowingMLP, score
from project_folder import KEDRO, PROJECT, make_project, newest
from tables import circumstances, machine_line, markdown, mean_and_deviation, write_results

NAME = "overhead"
NODE = "train_network"
PARTS = {
    "before": "start-up, ingest, preprocess",
    "training": "training: batches",
    "validation": "training: validation",
    "around": "training: growths, checkpoints, tracking",
    "after": "saving, evaluation, figures, end of the record",
}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--params", default="", help="as for kedro run")
    parser.add_argument("--quick", action="store_true", help="the environment smoke")
    options = parser.parse_args()
    arguments = ["--env", "smoke"] if options.quick else []
    arguments += ["--params", options.params] if options.params else []
    runs = [one_run(arguments) for _ in range(options.runs)]
    command = " ".join(["kedro run", *arguments])
    results = {**circumstances(), "hardware": describe(), "command": command, "runs": runs}
    path = write_results(NAME, results, quick=options.quick)
    print(table(results))
    print(f"\n{path}")


def one_run(arguments: list[str]) -> dict[str, Any]:
    """Run the project once and divide its time.

    Raises:
        RuntimeError: the run failed.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_project(Path(temporary) / "project")
        for digits in (PROJECT / "data" / "01_raw").iterdir():  # what has been fetched is not fetched again
            if digits.is_dir():
                (folder / "data" / "01_raw" / digits.name).symlink_to(digits.resolve())
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        began, started = datetime.now(), time.perf_counter()
        process = subprocess.Popen([KEDRO, "run", *arguments], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        command = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"kedro run {' '.join(arguments)} ended with exit code {process.returncode}")
        history = pd.read_parquet(newest(folder, "06_models/training_history.parquet"))
        part = pd.read_parquet(newest(folder, "03_primary/split.parquet"))["part"]
        before, node = node_seconds((folder / "info.log").read_text(), began)
    training, validation = (
        float(history["seconds"].sum()),
        validation_seconds(history, int((part == "validation").sum())),
    )
    parts = {
        "before": before,
        "training": training,
        "validation": validation,
        "around": node - training - validation,
        "after": command - before - node,
    }
    return {"command": command, **parts, "epochs": len(history), "peak_rss_mb": round(usage.ru_maxrss * 1024 / 1e6)}


def node_seconds(log: str, began: datetime) -> tuple[float, float]:
    """Seconds from the start of the command to that of the training, and of the training, by Kedro's log."""
    pattern = rf"^(\S+ \S+) \S+ \S+: (?:Running node: {NODE}|Saving data to network )"
    times = [datetime.strptime(found, "%Y-%m-%d %H:%M:%S,%f") for found in re.findall(pattern, log, re.MULTILINE)]
    started, ended = times[:2]
    return (started - began).total_seconds(), (ended - started).total_seconds()


def validation_seconds(history: pd.DataFrame, digits: int) -> float:
    """Seconds that the validations of a training take with so many digits, measured on noise for each width."""
    images = torch.randint(0, 256, (digits, 28, 28), dtype=torch.uint8)
    labels, indices = torch.zeros(digits, dtype=torch.int64), torch.arange(digits)
    total = 0.0
    for widths, epochs in history["widths"].value_counts().items():
        network = GrowingMLP([int(width) for width in str(widths).split("-")]).eval()
        score(network, images, labels, indices)
        started = time.perf_counter()
        score(network, images, labels, indices)
        total += epochs * (time.perf_counter() - started)
    return total


def table(results: Mapping[str, Any]) -> str:
    """Seconds and share of the command for each part."""
    runs = results["runs"]
    rows = [
        (
            name,
            mean_and_deviation([run[part] for run in runs], 1),
            mean_and_deviation([100 * run[part] / run["command"] for run in runs], 1),
        )
        for part, name in PARTS.items()
    ]
    rows.append(("whole command", mean_and_deviation([run["command"] for run in runs], 1), "100"))
    other = [100 * (1 - (run["training"] + run["validation"]) / run["command"]) for run in runs]
    header = (f"`{results['command']}`", "seconds", "% of the command")
    memory = mean_and_deviation([run["peak_rss_mb"] for run in runs], 0)
    return (
        f"{markdown(header, rows)}\n\n"
        f"All but batches and validation: {mean_and_deviation(other, 1)} % of the command. Peak RSS of the command "
        f"{memory} MB, {runs[0]['epochs']} epochs, n = {len(runs)}. {machine_line(results)}"
    )


if __name__ == "__main__":
    main()
