"""Measure how long commands take apart from their work.

Times `kedro --version`, the evaluation of a small network on 500 digits, and the import of the three largest libraries,
in turn. The first round fills the caches and is not counted. Prints a table and writes start_up.json.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.project_folder import KEDRO, make_project, run_kedro
from benchmarks.common.results import write_results
from benchmarks.common.tables import machine_line, markdown, mean_and_deviation

NAME = "start_up"
BASELINE = "python -c 'import torch, mlflow, kedro'"
COMMANDS: dict[str, list[str | Path]] = {
    BASELINE: [sys.executable, "-c", "import torch, mlflow, kedro"],
    "kedro --version": [KEDRO, "--version"],
    "kedro run --pipeline evaluate": [KEDRO, "run", "--env", "smoke", "--pipeline", "evaluate"],
}


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "one round, with cold caches")
    options_parser.add_argument("--rounds", type=int, default=5)
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    rounds = 1 if options.quick else options.rounds

    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        run_kedro(project, "run", "--env", "smoke")
        for number in range(rounds if options.quick else rounds + 1):
            for name, command in COMMANDS.items():
                needed = seconds_of(command, project)
                if number > 0 or options.quick:
                    seconds[name].append(needed)
    findings = {"seconds": seconds}
    path = write_results(NAME, circumstances, findings, n=rounds, quick=options.quick)
    print(table({**asdict(circumstances), **findings}))
    print(f"\nWrote {path}.")


def seconds_of(command: list[str | Path], folder: Path) -> float:
    """Measure the wall time of a command.

    Raises:
        RuntimeError: The command failed.
    """
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    started = time.perf_counter()
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    needed = time.perf_counter() - started
    if result.returncode != 0:
        raise RuntimeError(f"`{' '.join(map(str, command))}` failed: {result.stderr[-2000:]}")
    return needed


def table(results: Mapping[str, Any]) -> str:
    """Format one row for each command: its seconds, and their ratio to the imports of the same round."""
    measured = results["seconds"]
    rows = [
        (
            f"`{name}`",
            mean_and_deviation(seconds, 2),
            mean_and_deviation([one / base for one, base in zip(seconds, measured[BASELINE], strict=True)], 2),
            len(seconds),
        )
        for name, seconds in measured.items()
    ]
    return f"{markdown(('command', 'seconds', 'ratio', 'n'), rows)}\n\n{machine_line(results)}"


if __name__ == "__main__":
    main()
