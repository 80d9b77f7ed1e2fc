"""Does growth pay? `python -m benchmarks.growth.compare --dataset mnist --epochs 40 --seeds 10`.

Trains every method on every seed with one recipe (that of the environment) and compares each with the fixed network,
as wide from the start as the grown ones are at the end: after as many epochs, and after fewer epochs that cost as many
multiply-adds as growing did. Grown networks spend a given share of the multiply-adds of the fixed one; gromo's
GrowingMLP, which is among the methods where it is installed (extra `benchmarks`), gets as many.

Every run is written to the results file when it ends, and what is there is not run again: an interrupted benchmark
goes on, more seeds or methods add to it. After a change of the code that matters, move the file away: each run has
its commit in it. Prints a table and writes a figure beside the results. `--quick` takes less
than a minute, for CI.
"""

import argparse
import hashlib
import importlib.util
import json
import statistics
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy import stats

from benchmarks.common.hardware import describe
from benchmarks.common.paths import PROJECT, QUICK_RESULTS, RESULTS
from benchmarks.common.tables import mean_and_deviation, write_results
from benchmarks.growth.methods import FIXED, FIXED_FEWER, GROMO, GROWN, one_run
from mnist_growth.digits import Digits, DigitSet
from mnist_growth.figures import stamp
from mnist_growth.figures.theme import TEMPLATE
from mnist_growth.model_source import Project

NAME = "growth"
QUICK = {
    "training": {"epochs": 6, "batch_size": 32},
    "growth": {"initial_neurons": 16, "growth_rate": 16, "max_neurons": 64, "plateau_epochs": 1, "cooldown_epochs": 1},
}


def main() -> None:
    """Train what is missing, then print the table and draw the figure."""
    methods = [FIXED, FIXED_FEWER, *GROWN, GROMO]
    usual = methods if importlib.util.find_spec("gromo") else methods[:-1]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="local", help="Kedro environment whose recipe is used")
    parser.add_argument("--dataset", default="sample")
    parser.add_argument("--epochs", type=int, help="other number of epochs than that of the recipe")
    parser.add_argument("--share", type=float, default=0.65, help="of the fixed network's multiply-adds")
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0, 1, ...")
    parser.add_argument("--methods", nargs="+", default=usual, choices=methods)
    parser.add_argument("--quick", action="store_true", help="300 digits of the sample, a small network, 6 epochs")
    options = parser.parse_args()

    recipe, digits = load_recipe(options)
    path = (QUICK_RESULTS if options.quick else RESULTS) / f"{NAME}.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:12]
    entry = results.setdefault(key, {"recipe": recipe, "hardware": describe(), "runs": []})
    done = {(run["method"], run["seed"]) for run in entry["runs"]}
    for seed in range(options.seeds):
        for method in options.methods:
            if (method, seed) not in done:
                entry["runs"].append(one_run(method, seed, recipe, digits))
                write_results(NAME, results, quick=options.quick)
    print(table(entry))
    figure = draw(entry)
    figure.write_html(path.with_name(f"growth-{key}.html"), include_plotlyjs="cdn")
    print(f"{path} and growth-{key}.html beside it")


def load_recipe(options: argparse.Namespace) -> tuple[dict[str, Any], DigitSet]:
    """What is the same in all runs, as plain values, and the digits."""
    runtime: dict[str, Any] = {"dataset": "sample" if options.quick else options.dataset}
    if options.epochs:
        runtime["training"] = {"epochs": options.epochs}
    if options.quick:
        runtime |= QUICK
    context = Project(PROJECT, options.env, None, runtime).context()
    parameters, digits = context.config_loader["parameters"], context.catalog.load("digit_archive")
    if options.quick:
        chosen = slice(300)
        digits = replace(digits, train=part(digits.train, chosen), test=part(digits.test, chosen))
    recipe = {
        "dataset": digits.dataset,
        "fingerprint": digits.fingerprint,
        "train_digits": len(digits.train),
        "test_digits": len(digits.test),
        "share": options.share,
        **{group: parameters[group] for group in ("network", "growth", "training", "warps", "split")},
    }
    recipe["training"] = {name: value for name, value in recipe["training"].items() if name != "seed"}
    return recipe, digits


def part(digits: Digits, chosen: slice) -> Digits:
    """Some of the digits."""
    return replace(digits, images=digits.images[chosen], labels=digits.labels[chosen])


def table(entry: Mapping[str, Any]) -> str:
    """One row per method, as Markdown: means, deviations, and differences to the fixed network on the same seeds."""
    by_method = runs_by_method(entry)
    cost = statistics.mean(run["multiply_adds"] for run in by_method.get(FIXED, entry["runs"]))
    lines = [
        "| method | multiply-adds, share of fixed | wall time, s | test accuracy, % | minus fixed, equal epochs "
        "| minus fixed, equal multiply-adds | n |",
        "|---|---|---|---|---|---|---|",
    ]
    for method, runs in by_method.items():
        lines.append(
            f"| {method} | {statistics.mean(run['multiply_adds'] for run in runs) / cost:.2f} "
            f"| {mean_and_deviation([run['wall_seconds'] for run in runs], 1)} "
            f"| {mean_and_deviation([100 * run['test_accuracy'] for run in runs], 2)} "
            f"| {difference(runs, by_method.get(FIXED, []))} | {difference(runs, by_method.get(FIXED_FEWER, []))} "
            f"| {len(runs)} |"
        )
    recipe, machine = entry["recipe"], entry["hardware"]
    lines += [
        "",
        f"{recipe['dataset']}, {recipe['train_digits']:,} training and {recipe['test_digits']:,} test digits, "
        f"{recipe['growth']['initial_neurons']} to {recipe['growth']['max_neurons']} units in "
        f"{recipe['network']['hidden_layers']} layers, {recipe['training']['epochs']} epochs. Mean ± deviation over n "
        "seeds; differences in points, on the same seeds, with the 95 % interval of their mean.",
        f"{machine['processor']}, {machine['threads']} threads, float32 matmul {machine['matmul_gflops']} GFLOP/s",
    ]
    return "\n".join(lines)


def runs_by_method(entry: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """All runs of each method, in the order in which the methods are listed."""
    order = [FIXED, FIXED_FEWER, *GROWN, GROMO]
    runs = {method: [run for run in entry["runs"] if run["method"] == method] for method in order}
    return {method: found for method, found in runs.items() if found}


def difference(runs: list[dict[str, Any]], others: list[dict[str, Any]]) -> str:
    """Mean difference in accuracy, in points, over the seeds that both have, with its 95 % interval (Student's t)."""
    accuracy = {run["seed"]: run["test_accuracy"] for run in others}
    differences = [100 * (run["test_accuracy"] - accuracy[run["seed"]]) for run in runs if run["seed"] in accuracy]
    if runs is others or not differences:
        return "-"
    mean = statistics.mean(differences)
    if len(differences) < 2:
        return f"{mean:+.3f}"
    half = stats.t.ppf(0.975, len(differences) - 1) * statistics.stdev(differences) / len(differences) ** 0.5
    return f"{mean:+.3f} [{mean - half:+.3f}, {mean + half:+.3f}]"


def draw(entry: Mapping[str, Any]) -> go.Figure:
    """Test accuracy against multiply-adds and against wall time: each run, and the mean of each method."""
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    panels = (("multiply_adds", "training multiply-adds"), ("wall_seconds", "wall time (s)"))
    symbols = (
        "circle",
        "square",
        "diamond",
        "cross",
        "x",
        "triangle-up",
        "triangle-down",
        "star",
        "hexagram",
        "bowtie",
    )
    colors = TEMPLATE.layout.colorway
    for index, (method, runs) in enumerate(runs_by_method(entry).items()):
        style = {"color": colors[index % len(colors)], "symbol": symbols[index % len(symbols)]}
        accuracy = [run["test_accuracy"] for run in runs]
        for column, (key, _) in enumerate(panels, start=1):
            spent = [run[key] for run in runs]
            common = {"name": method, "legendgroup": method, "mode": "markers"}
            figure.add_scatter(
                x=spent, y=accuracy, marker={**style, "size": 6, "opacity": 0.35}, showlegend=False,
                hovertemplate="%{y:.2%}", row=1, col=column, **common,
            )  # fmt: skip
            figure.add_scatter(
                x=[statistics.mean(spent)], y=[statistics.mean(accuracy)], marker={**style, "size": 13},
                showlegend=column == 1, hovertemplate="mean %{y:.3%}", row=1, col=column, **common,
            )  # fmt: skip
    for column, (_, title) in enumerate(panels, start=1):
        figure.update_xaxes(title_text=title, rangemode="tozero", row=1, col=column)
    figure.update_yaxes(title_text="test accuracy", tickformat=".4~p", row=1, col=1)
    figure.update_layout(template=TEMPLATE, title="Does growth pay?", height=520)
    recipe, seeds = entry["recipe"], {run["seed"] for run in entry["runs"]}
    provenance = (
        f"dataset {recipe['dataset']} · {recipe['test_digits']:,} test digits · "
        f"{recipe['training']['epochs']} epochs · {len(seeds)} seeds · large: mean of a method"
    )
    return stamp(figure, provenance)


if __name__ == "__main__":
    main()
