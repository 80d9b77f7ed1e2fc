"""Compare the time of an evaluation with that of two epochs of training.

Trains two epochs at full width in a copy of the project folder and evaluates the network. The training time is that of
the history; the evaluation time is that of the Kedro runner, which loads, computes and saves. Neither includes the
start of Python, imports and tracking. Prints a table and writes evaluation.json. Exit code 1 if the evaluation takes
longer than the epochs.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from kedro.runner import SequentialRunner

from benchmarks.common.artifacts import newest
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.project_folder import make_project, run_kedro
from benchmarks.common.results import write_results
from benchmarks.common.tables import machine_line, markdown, mean_and_deviation
from mnist_growth.pipelines import evaluate
from mnist_growth.project_context import Project

NAME = "evaluation"
EPOCHS = 2
RUN = ("run", "--env", "fixed", "--pipeline")
QUICK = "dataset=sample,growth.initial_neurons=16,growth.max_neurons=16,"


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "the 5,000 digits of the sample and a small network")
    options_parser.add_argument("--rounds", type=int, default=1)
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    params = f"{QUICK if options.quick else ''}training.epochs={EPOCHS}"
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        project = make_project(Path(temporary) / "project", with_raw_digits=True)
        for pipeline in ("ingest", "preprocess"):
            run_kedro(project, *RUN, pipeline, "--params", params)
        for _ in range(options.rounds):
            run_kedro(project, *RUN, "train", "--params", params, threads=torch.get_num_threads())
            history = pd.read_parquet(newest("training_history.parquet", project))
            runs.append(
                {
                    "widths": str(history["widths"].iloc[-1]),
                    "training_seconds": float(history["seconds"].sum()),
                    "evaluation_seconds": evaluation_seconds(project),
                }
            )
    findings = {"runs": runs}
    path = write_results(NAME, circumstances, findings, n=options.rounds, quick=options.quick)
    print(table({**asdict(circumstances), **findings}))
    print(f"\nWrote {path}.")
    sys.exit(any(run["evaluation_seconds"] > run["training_seconds"] for run in runs))


def evaluation_seconds(project: Path) -> float:
    """Measure the evaluation of the newest network of a project."""
    catalog = Project(project, None, None, {}).context().catalog
    started = time.perf_counter()
    SequentialRunner().run(evaluate.create_pipeline(), catalog)
    return time.perf_counter() - started


def table(results: Mapping[str, Any]) -> str:
    """Format the times and their ratio."""
    runs = results["runs"]
    training, evaluation = ([run[f"{name}_seconds"] for run in runs] for name in ("training", "evaluation"))
    ratios = [one / two for one, two in zip(evaluation, training, strict=True)]
    header = ("widths", f"{EPOCHS} epochs, s", "evaluation, s", "ratio", "n")
    row = (runs[0]["widths"], *(mean_and_deviation(values, 2) for values in (training, evaluation, ratios)), len(runs))
    return f"{markdown(header, [row])}\n\n{machine_line(results)}"


if __name__ == "__main__":
    main()
