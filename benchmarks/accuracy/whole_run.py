"""Measure accuracy, time and memory of complete runs with several seeds.

Every run is a `kedro run` in a process of its own, in a copy of the project folder, with another seed. Prints a table
and writes whole_run.json, which keeps the results of other environments and parameters, and the README.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.common.artifacts import newest
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.project_folder import make_project, measured_kedro
from benchmarks.common.results import write_results
from benchmarks.common.tables import machine_line, markdown, mean_and_deviation
from benchmarks.page import write_page

NAME = "whole_run"


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "one run of the environment smoke")
    options_parser.add_argument("--env", default="local", help="Kedro environment")
    options_parser.add_argument("--params", default="", help="parameters besides the seed, as for kedro run")
    options_parser.add_argument("--seeds", type=int, default=3, help="number of runs, with the seeds 0, 1, ...")
    options = options_parser.parse_args()
    if options.quick:
        options.env, options.seeds = "smoke", 1
    circumstances = Circumstances.now(quick=options.quick)
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project", with_raw_digits=True)
        runs = [one_run(project, options.env, options.params, seed) for seed in range(options.seeds)]
    key = " ".join(part for part in (f"--env {options.env}", options.params) if part)
    findings = {"runs": runs}
    path = write_results(NAME, circumstances, findings, n=len(runs), quick=options.quick, entry=key)
    print(table(key, {**asdict(circumstances), **findings}))
    print(f"\nWrote {path}.")
    if not options.quick:
        write_page()


def one_run(project: Path, env: str, params: str, seed: int) -> dict[str, Any]:
    """Run the project once and collect its results."""
    parameters = ",".join(part for part in (params, f"training.seed={seed}") if part)
    arguments = ["run", "--env", env, "--params", parameters]
    print(f"kedro {' '.join(arguments)}", flush=True)
    seconds, peak_rss = measured_kedro(project, *arguments)
    metrics = json.loads(newest("test_metrics.json", project).read_text("utf-8"))
    history = pd.read_parquet(newest("training_history.parquet", project))
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
        "command_peak_rss_mb": round(peak_rss / 1e6),
    }


def table(name: str, result: Mapping[str, Any]) -> str:
    """Format mean, deviation and number of runs."""
    runs = result["runs"]
    header = (
        "run",
        "test accuracy, %",
        "command, s",
        "training, s",
        "peak RSS while training, MB",
        "peak RSS, MB",
        "n",
    )
    row = (
        name,
        mean_and_deviation([100 * run["test_accuracy"] for run in runs], 2),
        *(
            mean_and_deviation([run[key] for run in runs], 0)
            for key in ("command_seconds", "training_seconds", "peak_rss_mb", "command_peak_rss_mb")
        ),
        len(runs),
    )
    return f"{markdown(header, [row])}\n\n{machine_line(result)}"


if __name__ == "__main__":
    main()
