"""What do Kedro, MLflow and checkpoints cost around a training? `python -m benchmarks.speed.overhead`.

Runs the project as a user does, in a copy that leaves the user's data alone, and divides the wall time of the command:
training (seconds of the history), validation (measured apart, on networks of the same widths), the rest of the
training node (growths, checkpoints, monitor), what the other nodes compute (statistics, evaluation, figures, report),
and what is before and after the training beside that (start-up, loading, saving, record). The first run makes the
project's database, the others find it. Prints a table and writes benchmarks/results/overhead.json. `--quick` trains
for seconds.
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

from benchmarks.common.hardware import describe
from benchmarks.common.paths import PROJECT
from benchmarks.common.project_folder import KEDRO, make_project, newest
from benchmarks.common.tables import circumstances, machine_line, markdown, mean_and_deviation, write_results
from mnist_growth.network import GrowingMLP, score

NAME = "overhead"
NODE = "train_network"
PARTS = {
    "before": "start-up, loading, saving until the training",
    "training": "training: batches",
    "validation": "training: validation",
    "around": "training: growths, checkpoints, tracking",
    "work": "other nodes: statistics, evaluation, figures, report",
    "after": "loading, saving, record after the training",
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
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_project(Path(temporary) / "project")
        for digits in (PROJECT / "data" / "01_raw").iterdir():  # what has been fetched is not fetched again
            if digits.is_dir():
                (folder / "data" / "01_raw" / digits.name).symlink_to(digits.resolve())
        runs = [one_run(folder, arguments) for _ in range(options.runs)]
    command = " ".join(["kedro run", *arguments])
    results = {**circumstances(), "hardware": describe(), "command": command, "runs": runs}
    path = write_results(NAME, results, quick=options.quick)
    print(table(results))
    print(f"\n{path}")


def one_run(folder: Path, arguments: list[str]) -> dict[str, Any]:
    """Run the project in a folder once and divide its time.

    Raises:
        RuntimeError: the run failed.
    """
    (folder / "info.log").unlink(missing_ok=True)
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    began, started = datetime.now(), time.perf_counter()
    process = subprocess.Popen([KEDRO, "run", *arguments], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    command = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"kedro run {' '.join(arguments)} ended with exit code {process.returncode}")
    history = pd.read_parquet(newest(folder, "06_models/training_history.parquet"))
    split = pd.read_parquet(newest(folder, "03_primary/split.parquet"))["part"]
    nodes = node_times((folder / "info.log").read_text())
    started_training, ended_training = nodes.pop(NODE)
    before, node = (started_training - began).total_seconds(), (ended_training - started_training).total_seconds()
    work = {name: (ended - started).total_seconds() for name, (started, ended) in nodes.items()}
    work_before = sum(work[name] for name, (start, _) in nodes.items() if start < started_training)
    training = float(history["seconds"].sum())
    validation = validation_seconds(history, int((split == "validation").sum()))
    parts = {
        "before": before - work_before,
        "training": training,
        "validation": validation,
        "around": node - training - validation,
        "work": sum(work.values()),
        "after": command - before - node - (sum(work.values()) - work_before),
    }
    return {"command": command, **parts, "epochs": len(history), "peak_rss_mb": round(usage.ru_maxrss * 1024 / 1e6)}


def node_times(log: str) -> dict[str, tuple[datetime, datetime]]:
    """When each node began to compute, and when it had, by Kedro's log."""
    pattern = r"^(\S+ \S+) \S+ \S+: (?:Running node: (\w+)|Saving data to |Completed node: )"
    times: dict[str, tuple[datetime, datetime]] = {}
    name = ""
    for found in re.finditer(pattern, log, re.MULTILINE):
        moment = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S,%f")
        if found[2]:
            name = found[2]
            times[name] = moment, moment
        elif name:
            times[name] = times[name][0], moment
            name = ""
    return times


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
    rows = [(name, *seconds_and_share(runs, [part])) for part, name in PARTS.items()]
    rows.append(("whole command", mean_and_deviation([run["command"] for run in runs], 1), "100"))
    around = [part for part in PARTS if part not in ("training", "validation")]
    library = [part for part in around if part != "work"]
    header = (f"`{results['command']}`", "seconds", "% of the command")
    memory = ", ".join(f"{run['peak_rss_mb']}" for run in runs)
    return (
        f"{markdown(header, rows)}\n\n"
        f"All but batches and validation: {seconds_and_share(runs, around)[1]} % of the command; without what other "
        f"nodes compute {seconds_and_share(runs, library)[1]} %. Peak RSS of the command {memory} MB, "
        f"{runs[0]['epochs']} epochs, n = {len(runs)}. {machine_line(results)}"
    )


def seconds_and_share(runs: list[dict[str, Any]], parts: list[str]) -> tuple[str, str]:
    """Seconds of some parts together, and their share of the command in percent."""
    seconds = [sum(run[part] for part in parts) for run in runs]
    shares = [100 * spent / run["command"] for spent, run in zip(seconds, runs, strict=True)]
    return mean_and_deviation(seconds, 1), mean_and_deviation(shares, 1)


if __name__ == "__main__":
    main()
