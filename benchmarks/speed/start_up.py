"""How long do commands take beside their work? `python -m benchmarks.speed.start_up`.

`kedro --version`, the evaluation of a small network on 500 digits, and the import of the three largest libraries, in
turn, round after round; the first round fills the caches and is not counted. Prints a table and writes
benchmarks/results/start_up.json. `--quick` measures once.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.common.hardware import describe
from benchmarks.common.project_folder import KEDRO, kedro, make_project
from benchmarks.common.tables import circumstances, machine_line, markdown, mean_and_deviation, write_results

NAME = "start_up"
BASELINE = "python -c 'import torch, mlflow, kedro'"
COMMANDS: dict[str, list[str | Path]] = {
    BASELINE: [sys.executable, "-c", "import torch, mlflow, kedro"],
    "kedro --version": [KEDRO, "--version"],
    "kedro run --pipeline evaluate": [KEDRO, "run", "--env", "smoke", "--pipeline", "evaluate"],
}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round, nothing warm")
    options = parser.parse_args()

    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        code, _, errors = kedro(project, "run", "--env", "smoke")
        if code != 0:
            raise RuntimeError(f"the small training failed: {errors[-2000:]}")
        for number in range(1 if options.quick else options.rounds + 1):
            for name, command in COMMANDS.items():
                needed = seconds_of(command, project)
                if number > 0 or options.quick:
                    seconds[name].append(needed)
    results = {**circumstances(), "hardware": describe(), "seconds": seconds}
    path = write_results(NAME, results, quick=options.quick)
    print(table(results))
    print(f"\n{path}")


def seconds_of(command: list[str | Path], folder: Path) -> float:
    """Wall time of a command.

    Raises:
        RuntimeError: it failed.
    """
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    started = time.perf_counter()
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    needed = time.perf_counter() - started
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed: {result.stderr[-2000:]}")
    return needed


def table(results: Mapping[str, Any]) -> str:
    """One row for each command: seconds, and the ratio to the imports of the same round."""
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
