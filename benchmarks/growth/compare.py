"""Compare fixed and growing networks at equal multiply-adds: `make bench-growth ARGS="--points 512:5 --seeds 10"`.

Without `--points`, all budgets from 2 to 26 epochs of 512 and 2,048 neurons: days on a CPU.

A point is a largest width and a budget: the multiply-adds of so many epochs of a network that has this width from the
start. At each point every method spends the budget: the fixed network, narrower ones, networks that grow to the
largest width, growth.trigger=budget, and GrowingMLP of gromo, which takes part where it is installed (extra
`benchmarks`). Other operators than zero_fan_out take part on request.

Every run is written to growth.json when it ends, and is not repeated: an interrupted benchmark continues, and more
seeds, methods or points add to it. After a change of the code that matters, move the file away; each run contains its
commit. Prints a table for each point and writes a figure.
"""

import argparse
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import torch

from benchmarks.common import cli, recipes
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.results import read_results, results_file, write_results
from benchmarks.growth.figure import draw
from benchmarks.growth.methods import BUDGETS, GROMO, METHODS, NARROWER, OTHER_OPERATORS, one_run
from benchmarks.growth.tables import tables
from benchmarks.page import write_page
from mnist_growth.digits import Digits, DigitSet
from mnist_growth.machine import choose_precision
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
    options = parser.parse_args()
    takes_part = options.kind == "mlp" and find_spec("gromo")
    left_out = OTHER_OPERATORS if takes_part else (*OTHER_OPERATORS, GROMO)
    methods = options.methods or [name for name in METHODS if name not in left_out]

    circumstances = Circumstances.now(quick=options.quick)
    for point in options.points or (QUICK_POINTS if options.quick else POINTS):
        width, epochs = (int(number) for number in point.split(":"))
        recipe, digits = recipe_and_digits(options, width, epochs)
        kind = "" if options.kind == "mlp" else f"{options.kind}, "
        rate, precision = recipe["training"]["learning_rate"], recipe["training"]["precision"]
        key = f"{recipe['dataset']}, {kind}{width} neurons, {epochs} epochs, learning rate {rate:g}, {precision}"
        runs: list[dict[str, Any]] = read_results(NAME, quick=options.quick).get(key, {}).get("runs", [])
        done = {(run["method"], run["seed"]) for run in runs}
        origin = {"commit": circumstances.commit, "clean": circumstances.clean, "date": circumstances.date}
        for seed in range(options.seeds):
            for method in methods:
                if (method, seed) not in done and can_run(method, width):
                    runs.append({**origin, **one_run(method, seed, recipe, digits)})
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
    training["precision"] = choose_precision(training["precision"], torch.device("cpu"))
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
