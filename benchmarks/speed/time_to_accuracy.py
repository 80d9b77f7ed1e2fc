"""Measure the training time until 98 % and 99 % of the test digits are classified correctly.

Compares this project with other ways to train a perceptron. Every contestant trains in a process of its own, with the
same number of threads and the same digits, uint8 in memory, in turn: A B C A B C ... Not counted are the conversion of
the digits, the validation, the test after every epoch, and what libraries do at their first use. Rivals may try 99 % in
the first round only. Prints tables, and writes time_to_accuracy.json and a figure.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from benchmarks.common import cli, recipes
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.hardware import matmul_gflops
from benchmarks.common.paths import PROJECT
from benchmarks.common.results import write_results
from benchmarks.speed.accuracy_figure import draw
from benchmarks.speed.accuracy_tables import OURS, tables
from benchmarks.speed.race import Arrays
from mnist_growth.machine import choose_device, choose_precision

NAME = "time_to_accuracy"
ENVIRONMENTS = ("speed", "speed_99")
"""Kedro environments with the recipes for the lower and for the higher goal."""

RIVALS = {
    "PyTorch tensors": ("torch_tensors", "torch"),
    "scikit-learn": ("sklearn_mlp", "sklearn"),
    "Dataset + DataLoader": ("dataloader_loop", "torch"),
    "gromo": ("gromo_mlp", "gromo"),
    "Keras on torch": ("keras_mlp", "keras"),
}
"""Module of each rival in `contestants`, and the package that it needs."""

OUR_LIMIT, RIVAL_LIMIT = 300.0, 150.0  # seconds after which a goal is given up
QUICK_RECIPE: dict[str, Any] = {
    "growth": {"initial_neurons": 16, "growth_rate": 8, "growth_epochs": 1, "max_neurons": 32},
    "training": {"epochs": 30, "batch_size": 32},
}


@dataclass(frozen=True)
class Entrant:
    """A contestant with its settings.

    Attributes:
        label: Name in the tables.
        module: Module in `contestants`.
        goals: Accuracies to reach.
        recipe: Parameters of a training of this project, in groups.
        settings: One line on the recipe; empty for rivals, which report their own.
    """

    label: str
    module: str
    goals: tuple[float, ...]
    recipe: Mapping[str, Any]
    settings: str = ""


def main() -> None:
    """Race, print, write and draw."""
    installed = [label for label, (_, package) in RIVALS.items() if find_spec(package)]
    parser = cli.parser(__doc__, "one round, 500 digits of the sample, goals of 50 and 60 %%")
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=45.0, help="seconds that a rival may spend on 99 %%")
    parser.add_argument("--rivals", nargs="*", default=installed, choices=list(RIVALS), help="default: those installed")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds

    circumstances = Circumstances.now(quick=options.quick)
    goals = (0.5, 0.6) if options.quick else (0.98, 0.99)
    entrants, digits = line_up(options, goals)
    rates: list[float] = []
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        digits.write(Path(folder))
        for number in range(rounds):
            rates.append(round(matmul_gflops(), 1))
            for entrant in entrants:
                limits = limits_of(entrant, goals, number, options.limit)
                runs.append({"round": number, **race(entrant, limits, number, Path(folder))})
    dataset = "sample" if options.quick else options.dataset
    findings = {"dataset": dataset, "goals": goals, "matmul_gflops": rates, "runs": runs}
    path = write_results(NAME, circumstances, findings, n=rounds, quick=options.quick)
    results = {**asdict(circumstances), **findings}
    print(tables(results))
    draw(results).write_html(path.with_suffix(".html"), include_plotlyjs="cdn")
    print(f"\nWrote {path} and {path.stem}.html.")


def line_up(options: argparse.Namespace, goals: tuple[float, float]) -> tuple[list[Entrant], Arrays]:
    """Return all contestants and the digits. Ours come first: one per goal and precision."""
    dataset = "sample" if options.quick else options.dataset
    entrants = []
    for goal, environment in zip(goals, ENVIRONMENTS, strict=True):
        recipe, digits = recipes.load(environment, dataset, QUICK_RECIPE if options.quick else {})
        device = choose_device(recipe["device"])
        precisions = [choose_precision(name, device) for name in (recipe["training"]["precision"], "auto", "float32")]
        for precision in dict.fromkeys(precisions):
            fixed = {**recipe, "training": {**recipe["training"], "precision": precision}}
            entrants.append(Entrant(f"{OURS}, {precision}", "ours", (goal,), fixed, recipes.describe(fixed)))
    entrants += [Entrant(label, RIVALS[label][0], goals, entrants[0].recipe) for label in options.rivals]
    arrays = Arrays(digits.train.images, digits.train.labels, digits.test.images, digits.test.labels)
    return entrants, arrays.first(500) if options.quick else arrays


def limits_of(entrant: Entrant, goals: Sequence[float], number: int, rival_limit: float) -> dict[str, float]:
    """Return the time limit for each goal of a contestant in a round: rivals try the higher goal in the first only."""
    if entrant.settings:
        return {str(goal): OUR_LIMIT for goal in entrant.goals}
    return {str(goals[0]): RIVAL_LIMIT} | ({str(goals[1]): rival_limit} if number == 0 else {})


def race(entrant: Entrant, limits: Mapping[str, float], seed: int, folder: Path) -> dict[str, Any]:
    """Train one contestant in a process of its own.

    Args:
        entrant: The contestant.
        limits: Time limit for each goal, in seconds.
        seed: Seed of the round.
        folder: Folder with the digits.

    Raises:
        RuntimeError: The contestant failed.
    """
    entry = {"seed": seed, "goals": limits, "recipe": entrant.recipe}
    (folder / "race.json").write_text(json.dumps(entry), "utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.contestant", entrant.module, folder],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"The contestant {entrant.label} failed: {result.stderr[-2000:]}")
    run: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    reached = ", ".join(
        f"{float(goal):.0%} in {seconds:.1f} s" if seconds else f"{float(goal):.0%} not reached"
        for goal, seconds in run["seconds_to"].items()
    )
    print(f"Round {seed + 1}, {entrant.label}: {reached}.", flush=True)
    return {
        **run,
        "contestant": entrant.label,
        "goals": list(entrant.goals),
        "settings": entrant.settings or run["settings"],
        "limits": limits,
    }


if __name__ == "__main__":
    main()
