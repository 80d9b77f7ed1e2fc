"""Compare ways of growing with a network of fixed width: `make bench-growth ARGS="--dataset mnist --epochs 40"`.

Trains every method with every seed and one recipe, and compares it with the fixed network, which is as wide from the
start as the grown ones are at the end: after the same number of epochs, and after fewer epochs that cost as many
multiply-adds as growing did. Grown networks spend a given share of the multiply-adds of the fixed one, and so does
GrowingMLP of gromo, which takes part where it is installed (extra `benchmarks`).

Every run is written to growth.json when it ends, and is not repeated: an interrupted benchmark continues, and more
seeds or methods add to it. After a change of the code that matters, move the file away; each run contains its commit.
Prints a table and writes a figure.
"""

import argparse
import hashlib
import json
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import torch

from benchmarks.common import cli, recipes
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.results import read_results, results_file, write_results
from benchmarks.growth.methods import GROMO, METHODS, one_run
from benchmarks.growth.tables import draw, table
from benchmarks.page import write_page
from mnist_growth.digits import Digits, DigitSet
from mnist_growth.machine import choose_precision

NAME = "growth"
QUICK_DIGITS = 300
QUICK_RECIPE = {
    "training": {"epochs": 6, "batch_size": 32},
    "growth": {"initial_neurons": 16, "growth_rate": 16, "max_neurons": 64, "plateau_epochs": 1, "cooldown_epochs": 1},
}


def main() -> None:
    """Train what is missing, then print the table and draw the figure."""
    installed = [name for name in METHODS if name != GROMO or find_spec("gromo")]
    parser = cli.parser(__doc__, "300 digits of the sample, a small network, 6 epochs")
    parser.add_argument("--env", default="local", help="Kedro environment with the recipe")
    parser.add_argument("--dataset", default="sample")
    parser.add_argument("--epochs", type=int, help="number of epochs; that of the recipe without it")
    parser.add_argument("--share", type=float, default=0.65, help="of the multiply-adds of the fixed network")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds: 0, 1, ...")
    parser.add_argument("--methods", nargs="+", default=installed, choices=METHODS, help="default: those installed")
    options = parser.parse_args()

    circumstances = Circumstances.now(quick=options.quick)
    recipe, digits = recipe_and_digits(options)
    key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:12]
    runs: list[dict[str, Any]] = read_results(NAME, quick=options.quick).get(key, {}).get("runs", [])
    done = {(run["method"], run["seed"]) for run in runs}
    origin = {"commit": circumstances.commit, "clean": circumstances.clean, "date": circumstances.date}
    for seed in range(options.seeds):
        for method in options.methods:
            if (method, seed) not in done:
                runs.append({**origin, **one_run(method, seed, recipe, digits)})
                findings = {"recipe": recipe, "runs": runs}
                n = len({run["seed"] for run in runs})
                write_results(NAME, circumstances, findings, n=n, quick=options.quick, entry=key)
    entry = read_results(NAME, quick=options.quick)[key]
    path = results_file(NAME, quick=options.quick)
    print(table(entry))
    draw(entry).write_html(path.with_name(f"growth-{key}.html"), include_plotlyjs="cdn")
    print(f"\nWrote {path} and growth-{key}.html.")
    if not options.quick:
        write_page()


def recipe_and_digits(options: argparse.Namespace) -> tuple[dict[str, Any], DigitSet]:
    """Return what all runs have in common, as plain values, and the digits."""
    overrides: dict[str, Any] = {"training": {"epochs": options.epochs}} if options.epochs else {}
    if options.quick:
        overrides |= QUICK_RECIPE
    parameters, digits = recipes.load(options.env, "sample" if options.quick else options.dataset, overrides)
    if options.quick:
        digits = replace(digits, train=first(digits.train), test=first(digits.test))
    training = {name: value for name, value in parameters["training"].items() if name != "seed"}
    training["precision"] = choose_precision(training["precision"], torch.device("cpu"))
    recipe = {
        "dataset": digits.dataset,
        "fingerprint": digits.fingerprint,
        "train_digits": len(digits.train),
        "test_digits": len(digits.test),
        "share": options.share,
        **{group: parameters[group] for group in ("network", "growth", "warps", "split")},
        "training": training,
    }
    return recipe, digits


def first(digits: Digits) -> Digits:
    """Return the first digits."""
    return replace(digits, images=digits.images[:QUICK_DIGITS], labels=digits.labels[:QUICK_DIGITS])


if __name__ == "__main__":
    main()
