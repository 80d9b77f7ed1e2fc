"""Measure the training time until 98 % and 99 % of the test digits are classified correctly.

Compares this project with other ways to train a perceptron. Every contestant trains in a process of its own, with the
same number of threads and the same digits, uint8 in memory, in turn: A B C A B C ... Not counted are what happens once
before the first batch (most contestants convert all digits then), the validation, the test after every epoch, and what
libraries do at their first use. Each goal has a race of its own; rivals take part in one round of the race to 99 %.
Prints tables, and writes time_to_accuracy.json, with one entry for each goal, and figures. `--goals 98` or
`--goals 99` runs one race and keeps the result of the other.
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
from benchmarks.speed.accuracy_tables import OURS, table
from benchmarks.speed.contestants import RIVALS
from benchmarks.speed.race import Arrays
from mnist_growth.machine import choose_device, choose_precision

NAME = "time_to_accuracy"
OUR_LIMIT = 300.0  # seconds after which a contestant of this project gives up
QUICK_RECIPE: dict[str, Any] = {
    "growth": {"initial_neurons": 16, "growth_rate": 8, "growth_epochs": 1, "max_neurons": 32},
    "training": {"epochs": 30, "batch_size": 32},
}


@dataclass(frozen=True)
class Goal:
    """An accuracy to reach.

    Attributes:
        accuracy: Share of the test digits.
        environment: Kedro environment with this project's recipe for it.
        rival_limit: Seconds after which a rival gives up.
        rival_rounds: Number of rounds in which rivals take part; None: all.
    """

    accuracy: float
    environment: str
    rival_limit: float
    rival_rounds: int | None = None


GOALS = {
    "98": Goal(0.98, "speed", rival_limit=150.0),
    "99": Goal(0.99, "speed_99", rival_limit=45.0, rival_rounds=1),
}
QUICK_GOALS = {
    "98": Goal(0.5, "speed", rival_limit=150.0),
    "99": Goal(0.6, "speed_99", rival_limit=45.0, rival_rounds=1),
}


@dataclass(frozen=True)
class Entrant:
    """A contestant with its settings.

    Attributes:
        label: Name in the tables.
        module: Module in `contestants`.
        recipe: Parameters of a training of this project, in groups.
        limit: Seconds after which it gives up.
        rounds: Number of rounds in which it takes part; None: all.
        settings: One line on the recipe; empty for rivals, which report their own.
    """

    label: str
    module: str
    recipe: Mapping[str, Any]
    limit: float
    rounds: int | None = None
    settings: str = ""


def main() -> None:
    """Race, print, write and draw."""
    installed = [label for label, (_, package) in RIVALS.items() if find_spec(package)]
    parser = cli.parser(__doc__, "one round, 500 digits of the sample, goals of 50 and 60 %%")
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--goals", nargs="+", default=list(GOALS), choices=list(GOALS), help="default: both")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rivals", nargs="*", default=installed, choices=list(RIVALS), help="default: those installed")
    options = parser.parse_args()
    for name in options.goals:
        run_race((QUICK_GOALS if options.quick else GOALS)[name], options)


def run_race(goal: Goal, options: argparse.Namespace) -> None:
    """Run all rounds of the race to one goal."""
    rounds = 1 if options.quick else options.rounds
    circumstances = Circumstances.now(quick=options.quick)
    entrants, digits = line_up(goal, options)
    rates: list[float] = []
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        digits.write(Path(folder))
        for number, taking_part in enumerate(schedule(entrants, rounds)):
            rates.append(round(matmul_gflops(), 1))
            runs += [{"round": number, **race(entrant, goal.accuracy, number, Path(folder))} for entrant in taking_part]
    dataset = "sample" if options.quick else options.dataset
    findings = {"dataset": dataset, "goal": goal.accuracy, "matmul_gflops": rates, "runs": runs}
    key = f"{goal.accuracy:.0%}"
    path = write_results(NAME, circumstances, findings, n=rounds, quick=options.quick, entry=key)
    entry = {**asdict(circumstances), **findings}
    print(table(entry))
    figure = path.with_name(f"{path.stem}-{100 * goal.accuracy:.0f}.html")
    draw(entry).write_html(figure, include_plotlyjs="cdn")
    print(f"\nWrote {path} and {figure.name}.")


def schedule(entrants: Sequence[Entrant], rounds: int) -> list[list[Entrant]]:
    """Return who takes part in each round."""
    return [
        [entrant for entrant in entrants if entrant.rounds is None or number < entrant.rounds]
        for number in range(rounds)
    ]


def line_up(goal: Goal, options: argparse.Namespace) -> tuple[list[Entrant], Arrays]:
    """Return all contestants and the digits. Ours come first: one for each precision."""
    dataset = "sample" if options.quick else options.dataset
    recipe, digits = recipes.load(goal.environment, dataset, QUICK_RECIPE if options.quick else {})
    device = choose_device(recipe["device"])
    precisions = [choose_precision(name, device) for name in (recipe["training"]["precision"], "auto", "float32")]
    entrants = []
    for precision in dict.fromkeys(precisions):
        fixed = {**recipe, "training": {**recipe["training"], "precision": precision}}
        settings = recipes.describe(fixed)
        entrants.append(Entrant(f"{OURS}, {precision}", "ours", fixed, OUR_LIMIT, settings=settings))
    entrants += [
        Entrant(label, RIVALS[label][0], recipe, goal.rival_limit, goal.rival_rounds) for label in options.rivals
    ]
    arrays = Arrays(digits.train.images, digits.train.labels, digits.test.images, digits.test.labels)
    return entrants, arrays.first(500) if options.quick else arrays


def race(entrant: Entrant, goal: float, seed: int, folder: Path) -> dict[str, Any]:
    """Train one contestant in a process of its own.

    Args:
        entrant: The contestant.
        goal: Accuracy to reach.
        seed: Seed of the round.
        folder: Folder with the digits.

    Raises:
        RuntimeError: The contestant failed.
    """
    entry = {"seed": seed, "goals": {str(goal): entrant.limit}, "recipe": entrant.recipe}
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
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    seconds = found.pop("seconds_to")[str(goal)]
    reached = f"{goal:.0%} in {seconds:.1f} s" if seconds else f"{goal:.0%} not reached"
    print(f"Round {seed + 1}, {entrant.label}: {reached}.", flush=True)
    return {
        "contestant": entrant.label,
        **found,
        "settings": entrant.settings or found["settings"],
        "limit": entrant.limit,
        "seconds": seconds,
    }


if __name__ == "__main__":
    main()
