"""Measure what Kedro, MLflow and checkpoints add to the time of a training.

Runs the project as a user does, in a copy of the project folder, and divides the wall time of the command: training
(seconds of the history), validation (measured separately, on networks of the same widths), the rest of the training
node (growths, checkpoints, monitors), what the other nodes compute (statistics, evaluation, figures, report), and
everything else before and after the training (start-up, loading, saving, tracking). The first run creates the MLflow
database; later runs use it. Prints a table and writes overhead.json.
"""

import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from benchmarks.common.artifacts import newest
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.networks import untrained
from benchmarks.common.project_folder import make_project, measured_kedro
from benchmarks.common.results import write_results
from benchmarks.common.tables import machine_line, markdown, mean_and_deviation
from mnist_growth.network import score

NAME = "overhead"
NODE = "train_network"  # the log has the names without their pipelines
PARTS = {
    "before": "start-up, loading and saving before the training",
    "training": "training: batches",
    "validation": "training: validation",
    "around": "training: growths, checkpoints, tracking",
    "work": "other nodes: statistics, evaluation, figures, report",
    "after": "loading, saving and tracking after the training",
}


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "the environment smoke")
    options_parser.add_argument("--runs", type=int, default=1)
    options_parser.add_argument("--params", default="", help="parameters, as for kedro run")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    arguments = ["--env", "smoke"] if options.quick else []
    arguments += ["--params", options.params] if options.params else []
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_project(Path(temporary) / "project", with_raw_digits=True)
        runs = [one_run(folder, arguments) for _ in range(options.runs)]
    findings = {"run": " ".join(["kedro run", *arguments]), "runs": runs}
    path = write_results(NAME, circumstances, findings, n=options.runs, quick=options.quick)
    print(table({**asdict(circumstances), **findings}))
    print(f"\nWrote {path}.")


def one_run(folder: Path, arguments: list[str]) -> dict[str, Any]:
    """Run the project in a folder once and divide its time.

    Raises:
        RuntimeError: The run failed.
    """
    (folder / "info.log").unlink(missing_ok=True)
    began = datetime.now()
    command, peak_rss = measured_kedro(folder, "run", *arguments)
    history = pd.read_parquet(newest("training_history.parquet", folder))
    split = pd.read_parquet(newest("split.parquet", folder))["part"]
    nodes = node_times((folder / "info.log").read_text("utf-8"))
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
    return {"command": command, **parts, "epochs": len(history), "peak_rss_mb": round(peak_rss / 1e6)}


def node_times(log: str) -> dict[str, tuple[datetime, datetime]]:
    """Return when the computation of each node began and ended, according to the log of Kedro."""
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
    """Measure on noise how long the validations of a training take.

    Args:
        history: Training history, which gives the widths of each epoch.
        digits: Number of validation digits.
    """
    images = torch.randint(0, 256, (digits, 28, 28), dtype=torch.uint8)
    labels, indices = torch.zeros(digits, dtype=torch.int64), torch.arange(digits)
    total = 0.0
    for widths, epochs in history["widths"].value_counts().items():
        network = untrained([int(width) for width in str(widths).split("-")])
        score(network, images, labels, indices)
        started = time.perf_counter()
        score(network, images, labels, indices)
        total += epochs * (time.perf_counter() - started)
    return total


def table(results: Mapping[str, Any]) -> str:
    """Format seconds and share of the command for each part."""
    runs = results["runs"]
    rows = [(name, *seconds_and_share(runs, [part])) for part, name in PARTS.items()]
    rows.append(("complete command", mean_and_deviation([run["command"] for run in runs], 1), "100"))
    around = [part for part in PARTS if part not in ("training", "validation")]
    library = [part for part in around if part != "work"]
    header = (f"`{results['run']}`", "seconds", "% of the command")
    memory = ", ".join(f"{run['peak_rss_mb']}" for run in runs)
    return (
        f"{markdown(header, rows)}\n\n"
        f"All parts except batches and validation: {seconds_and_share(runs, around)[1]} % of the command; without what "
        f"other nodes compute: {seconds_and_share(runs, library)[1]} %. Peak RSS of the command: {memory} MB, "
        f"{runs[0]['epochs']} epochs, n = {len(runs)}. {machine_line(results)}"
    )


def seconds_and_share(runs: list[dict[str, Any]], parts: list[str]) -> tuple[str, str]:
    """Format the seconds of some parts together, and their share of the command in percent."""
    seconds = [sum(run[part] for part in parts) for run in runs]
    shares = [100 * spent / run["command"] for spent, run in zip(seconds, runs, strict=True)]
    return mean_and_deviation(seconds, 1), mean_and_deviation(shares, 1)


if __name__ == "__main__":
    main()
