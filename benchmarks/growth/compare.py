"""Compare fixed and growing networks at equal multiply-adds: `make bench-growth ARGS="--points 512:5 --seeds 10"`.

Without `--points`, all budgets from 2 to 26 epochs of 512 and 2,048 neurons: days on a CPU.

A point is a largest width and a budget: the multiply-adds of so many epochs of a network that has this width from the
start. At each point every method spends the budget: the fixed network, narrower ones, networks that grow to the
largest width, growth.trigger=budget, and GrowingMLP of gromo, which takes part where it is installed (extra
`benchmarks`). Other operators than zero_fan_out take part on request.

Every run is written to growth.json when it ends, and is not repeated: an interrupted benchmark continues, and more
seeds, methods or points add to it. After a change of the code that matters, move the file away; each run contains its
commit. Prints a table for each point and writes a figure.

On a GPU, `--device cuda --processes 4` trains four networks at a time. A GPU rounds differently, so its runs have
entries of their own.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from benchmarks.common import cli, recipes
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.results import read_results, results_file, write_results
from benchmarks.common.workers import Failure, run_tasks
from benchmarks.growth.figure import draw
from benchmarks.growth.methods import BUDGETS, GROMO, METHODS, NARROWER, OTHER_OPERATORS, one_run
from benchmarks.growth.tables import tables
from benchmarks.page import write_page
from mnist_growth.digits import Digits, DigitSet
from mnist_growth.machine import DeviceName, choose_device, choose_precision, default_threads
from mnist_growth.network import NetworkConfig
from mnist_growth.network.kinds import registered_kinds

NAME = "growth"
POINTS = [f"{width}:{epochs}" for width, budgets in BUDGETS.items() for epochs in budgets]
QUICK_POINTS = ["64:4"]
QUICK_DIGITS = 300
NARROWEST = 1 / 8
"""Smallest width of a fixed network, relative to the largest width: a narrower one would train for very many epochs."""

RATE, RATE_OF_WIDE, WIDE = 0.004, 0.002, 1024
"""Learning rates, and the largest width from which on the second one is used.

Chosen on validation digits. With 512 neurons and budgets of 3 to 8 epochs, 0.004 is better than 0.002 by 0.03 to 0.06
points (n = 16). With 2,048 neurons, 0.002 is as good as 0.001 (n = 8).
"""


def main() -> None:
    """Train what is missing, then print the tables and draw the figure."""
    parser = cli.parser(__doc__, "300 digits of the sample, 64 neurons, 4 epochs")
    parser.add_argument("--env", default="local", help="Kedro environment with the recipe")
    parser.add_argument("--dataset", default="mnist")
    kinds = [kind.name for kind in registered_kinds() if kind.is_trained]
    parser.add_argument("--kind", default="mlp", choices=kinds, help="kind of network")
    parser.add_argument("--points", nargs="+", metavar="WIDTH:EPOCHS", help=f"default: {' '.join(POINTS)}")
    parser.add_argument(
        "--rate", type=float, help=f"learning rate; default: {RATE}, from {WIDE:,} neurons {RATE_OF_WIDE}"
    )
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds: 0, 1, ...")
    parser.add_argument("--methods", nargs="+", choices=METHODS, help="default: all with the default operator")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="what the networks are trained on")
    parser.add_argument("--processes", type=int, default=1, help="networks that are trained at the same time")
    options = parser.parse_args()
    takes_part = options.kind == "mlp" and find_spec("gromo")
    left_out = OTHER_OPERATORS if takes_part else (*OTHER_OPERATORS, GROMO)
    methods = options.methods or [name for name in METHODS if name not in left_out]

    circumstances = Circumstances.now(quick=options.quick)
    for point in options.points or (QUICK_POINTS if options.quick else POINTS):
        width, epochs = (int(number) for number in point.split(":"))
        recipe, digits = recipe_and_digits(options, width, epochs)
        key = entry_of(recipe, options.device)
        runs: list[dict[str, Any]] = read_results(NAME, quick=options.quick).get(key, {}).get("runs", [])
        done = {(run["method"], run["seed"]) for run in runs}
        origin = {"commit": circumstances.commit, "clean": circumstances.clean, "date": circumstances.date}
        missing = [
            Run(method, seed, recipe, options.device, share_of_threads(options.processes))
            for seed in range(options.seeds)
            for method in methods
            if (method, seed) not in done and can_run(method, width)
        ]
        for _, run in results_of(missing, digits, options.processes):
            runs.append({**origin, **run})
            findings = {"recipe": recipe, "runs": runs}
            n = len({run["seed"] for run in runs})
            write_results(NAME, circumstances, findings, n=n, quick=options.quick, entry=key)
    found = read_results(NAME, quick=options.quick)
    results = {key: entry for key, entry in found.items() if entry["recipe"]["network"]["kind"] == options.kind}
    path = results_file(NAME, quick=options.quick)
    figure = path.with_name(f"{NAME}.html" if options.kind == "mlp" else f"{NAME}_{options.kind}.html")
    print(tables(results))
    draw(results).write_html(figure, include_plotlyjs="cdn")
    print(f"\nWrote {path} and {figure.name}.")
    if not options.quick:
        write_page()


@dataclass(frozen=True)
class Run:
    """One network to train.

    Attributes:
        method: One of ``METHODS``.
        seed: Of the training.
        recipe: What all runs of a point have in common.
        device: Name of the device.
        threads: Number of threads; None: as many as the processor has.
    """

    method: str
    seed: int
    recipe: dict[str, Any]
    device: DeviceName
    threads: int | None

    def result(self, digits: DigitSet) -> dict[str, Any]:
        """Train and test; see ``one_run``."""
        return one_run(self.method, self.seed, self.recipe, digits, device=self.device, threads=self.threads)


def results_of(runs: Sequence[Run], digits: DigitSet, processes: int) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Train and test networks, and yield each with its result as soon as it is there.

    Args:
        runs: Which ones.
        digits: Of all of them.
        processes: Networks at the same time; one of them is trained in this process.

    Raises:
        RuntimeError: A training has failed.
    """
    if processes == 1:
        for run in runs:
            yield run, run.result(digits)
        return
    for run, result in run_tasks(Run.result, runs, digits, processes):
        if isinstance(result, Failure):
            raise RuntimeError(f"{run.method}, seed {run.seed}: {result.reason}\n{result.trace}")
        yield run, result


def share_of_threads(processes: int) -> int | None:
    """Return the number of threads of each of some processes; None for all."""
    return None if processes == 1 else max(1, default_threads() // processes)


def entry_of(recipe: Mapping[str, Any], device: DeviceName) -> str:
    """Return the key of the entry with the runs of a recipe on a device."""
    kind, training = recipe["network"]["kind"], recipe["training"]
    parts = [
        recipe["dataset"],
        *([] if kind == "mlp" else [kind]),
        f"{recipe['growth']['max_neurons']} neurons",
        f"{recipe['budget_epochs']} epochs",
        f"learning rate {training['learning_rate']:g}",
        training["precision"],
        *([] if device == "cpu" else ["GPU"]),
    ]
    return ", ".join(parts)


def recipe_and_digits(options: argparse.Namespace, width: int, epochs: int) -> tuple[dict[str, Any], DigitSet]:
    """Return what all runs of a point have in common, as plain values, and the digits.

    Args:
        options: Of the command line.
        width: Largest width.
        epochs: Budget, in epochs of the fixed network.
    """
    overrides: dict[str, Any] = {
        "network": {"kind": options.kind},
        "growth": {"max_neurons": width},
        "training": {"learning_rate": options.rate or (RATE if width < WIDE else RATE_OF_WIDE)},
    }
    if options.quick:
        overrides["growth"]["initial_neurons"] = 16
        overrides["network"]["attention"] = {"neurons_per_head": 16}
        overrides["training"]["batch_size"] = 32
    parameters, digits = recipes.load(options.env, "sample" if options.quick else options.dataset, overrides)
    if options.quick:
        digits = replace(digits, train=first(digits.train), test=first(digits.test))
    training = {name: value for name, value in parameters["training"].items() if name not in ("seed", "epochs")}
    training["precision"] = choose_precision(training["precision"], choose_device(options.device))
    recipe = {
        "dataset": digits.dataset,
        "fingerprint": digits.fingerprint,
        "train_digits": len(digits.train),
        "test_digits": len(digits.test),
        "budget_epochs": epochs,
        "network": NetworkConfig.model_validate(parameters["network"]).model_dump(mode="json"),
        **{group: parameters[group] for group in ("growth", "warps", "split")},
        "training": training,
    }
    return recipe, digits


def can_run(method: str, width: int) -> bool:
    """Return whether a method makes sense at a largest width: a narrower network is narrower, but not by too much."""
    narrow = NARROWER.get(method)
    return narrow is None or NARROWEST * width <= narrow < width


def first(digits: Digits) -> Digits:
    """Return the first digits."""
    return replace(digits, images=digits.images[:QUICK_DIGITS], labels=digits.labels[:QUICK_DIGITS])


if __name__ == "__main__":
    main()
