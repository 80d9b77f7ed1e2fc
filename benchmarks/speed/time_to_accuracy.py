"""How long until 98 % and 99 % of the test digits are right? `python -m benchmarks.speed.time_to_accuracy`.

This project against what people would use instead. Every contestant trains in a process of its own, all with the same
number of threads and the same digits, uint8 in memory; round after round, A B C A B C ... Conversion of the digits,
validation and the test after every epoch are not counted; what libraries do at their first use has been done before.
Rivals get time for 99 % in the first round only. Prints tables, writes benchmarks/results/time_to_accuracy.json and a
figure beside it. `--quick` takes seconds and measures nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.common import recipes
from benchmarks.common.hardware import describe, matmul_gflops
from benchmarks.common.paths import PROJECT
from benchmarks.common.tables import circumstances, write_results
from benchmarks.speed.accuracy_figure import draw
from benchmarks.speed.accuracy_tables import tables
from benchmarks.speed.race import Arrays
from mnist_growth.machine import choose_device, choose_precision

NAME = "time_to_accuracy"
RIVALS = {
    "scikit-learn": "sklearn_mlp",
    "Dataset + DataLoader": "dataloader_loop",
    "gromo": "gromo_mlp",
    "Keras on torch": "keras_mlp",
}
OURS_LIMIT, RIVAL_LIMIT = 300.0, 150.0  # seconds until a goal is given up


@dataclass(frozen=True)
class Entrant:
    """Somebody who takes part.

    Attributes:
        label: as in the tables.
        module: in ``contestants``.
        goals: accuracies.
        recipe: parameters; empty for rivals.
        settings: a line on them; rivals tell theirs.
    """

    label: str
    module: str
    goals: tuple[float, ...]
    recipe: Mapping[str, Any]
    settings: str = ""


def main() -> None:
    """Race, print, write and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=45.0, help="seconds that a rival may spend on 99 %%")
    parser.add_argument("--rivals", nargs="*", default=list(RIVALS), choices=list(RIVALS))
    parser.add_argument("--quick", action="store_true", help="500 digits of the sample, goals of 50 and 60 %%")
    options = parser.parse_args()

    goals = (0.5, 0.6) if options.quick else (0.98, 0.99)
    entrants, digits = line_up(options, goals)
    results: dict[str, Any] = {
        **circumstances(),
        "hardware": describe(),
        "dataset": "sample" if options.quick else options.dataset,
        "goals": goals,
        "matmul_gflops": [],
        "runs": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        digits.write(Path(folder))
        for number in range(options.rounds):
            results["matmul_gflops"].append(round(matmul_gflops(), 1))
            for entrant in entrants:
                limits = limits_of(entrant, goals, number, options.limit)
                results["runs"].append({"round": number, **race(entrant, limits, number, Path(folder))})
    path = write_results(NAME, results, quick=options.quick)
    print(tables(results))
    draw(results).write_html(path.with_suffix(".html"), include_plotlyjs="cdn")
    print(f"\n{path} and {path.stem}.html beside it")


def line_up(options: argparse.Namespace, goals: tuple[float, float]) -> tuple[list[Entrant], Arrays]:
    """Who takes part: ours to the lower and to the higher goal, each in up to three precisions."""
    dataset = "sample" if options.quick else options.dataset
    entrants = []
    for goal, environment in zip(goals, recipes.ENVIRONMENTS, strict=True):
        recipe, digits = recipes.load(environment, dataset, recipes.QUICK if options.quick else {})
        device = choose_device(recipe["device"])
        precisions = [choose_precision(name, device) for name in (recipe["training"]["precision"], "auto", "float32")]
        for precision in dict.fromkeys(precisions):
            fixed = {**recipe, "training": {**recipe["training"], "precision": precision}}
            label = f"mnist-growth, {precision}"
            entrants.append(Entrant(label, "ours", (goal,), fixed, recipes.describe(fixed)))
    entrants += [Entrant(label, RIVALS[label], goals, {}) for label in options.rivals]
    return entrants, digits.first(500) if options.quick else digits


def limits_of(entrant: Entrant, goals: Sequence[float], number: int, rival_limit: float) -> dict[str, float]:
    """Seconds for each goal of a contestant in a round: a rival tries the higher one in the first round only."""
    if entrant.recipe:
        return {str(goal): OURS_LIMIT for goal in entrant.goals}
    return {str(goals[0]): RIVAL_LIMIT} | ({str(goals[1]): rival_limit} if number == 0 else {})


def race(entrant: Entrant, limits: Mapping[str, float], seed: int, folder: Path) -> dict[str, Any]:
    """Let one contestant train in a process of its own.

    Raises:
        RuntimeError: it failed.
    """
    entry = {"seed": seed, "goals": limits, "recipe": entrant.recipe}
    (folder / "race.json").write_text(json.dumps(entry))
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.contestant", entrant.module, folder],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"{entrant.label} failed: {result.stderr[-2000:]}")
    run: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    reached = ", ".join(
        f"{float(goal):.0%} in {seconds:.1f} s" if seconds else f"{float(goal):.0%} not reached"
        for goal, seconds in run["seconds_to"].items()
    )
    print(f"round {seed + 1}, {entrant.label}: {reached}", flush=True)
    return {
        "contestant": entrant.label,
        "goals": list(entrant.goals),
        "settings": entrant.settings or run["settings"],
        "limits": limits,
        **{key: run[key] for key in ("seconds_to", "curve", "peak_rss_mb")},
    }


if __name__ == "__main__":
    main()
