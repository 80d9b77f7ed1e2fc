"""The tables of the growth benchmark."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from scipy import stats

from benchmarks.common.tables import machine_line, markdown, mean_and_deviation
from benchmarks.growth.methods import FIXED, METHODS, NARROWER

Run = Mapping[str, Any]
Runs = Sequence[Run]
HEADER = (
    "method",
    "neurons per hidden layer",
    "epochs",
    "multiply-adds, share of the budget",
    "test accuracy, %",
    "minus fixed",
    "minus best fixed width",
    "n",
)
DIRTY = "†"
"""Marks a method with runs that were not made with exactly the code of a commit."""


def tables(results: Mapping[str, Any]) -> str:
    """Format a table for each point."""
    return "\n\n".join(f"{_heading(entry)}\n\n{table(entry)}" for _, entry in sorted(results.items(), key=_place))


def table(entry: Mapping[str, Any]) -> str:
    """Format one row per method: means, deviations, and differences from fixed networks with the same seeds."""
    by_method = runs_by_method(entry)
    rows = [
        (
            method if all(run["clean"] for run in runs) else f"{method} {DIRTY}",
            _widths(runs[0]),
            runs[0]["epochs"],
            f"{statistics.mean(run['multiply_adds'] for run in runs) / budget(entry):.2f}",
            mean_and_deviation([100 * run["test_accuracy"] for run in runs], 2),
            difference(runs, by_method.get(FIXED, [])),
            difference(runs, best_fixed(by_method)),
            len(runs),
        )
        for method, runs in by_method.items()
    ]
    recipe = entry["recipe"]
    dirty = sum(not run["clean"] for run in entry["runs"])
    return (
        f"{markdown(HEADER, rows)}\n\n"
        f"{recipe['dataset']}, {recipe['train_digits']:,} training and {recipe['test_digits']:,} test digits, "
        f"{_architecture(recipe['network'])}, learning rate {recipe['training']['learning_rate']:g}. "
        "Mean ± standard deviation over n seeds; differences in percentage points, with the same seeds, with the "
        "95 % interval of their mean. "
        + (f"{DIRTY}: {dirty} of {len(entry['runs'])} runs were made with uncommitted changes. " if dirty else "")
        + machine_line(entry)
    )


def best_fixed(by_method: Mapping[str, Runs]) -> Runs:
    """Return the runs of the fixed width with the highest mean validation accuracy; empty if only one width was run."""
    fixed = [runs for method, runs in by_method.items() if method == FIXED or method in NARROWER]
    if len(fixed) < 2:
        return []
    return max(fixed, key=lambda runs: statistics.mean(run["validation_accuracy"] for run in runs))


def budget(entry: Mapping[str, Any]) -> int:
    """Return the multiply-adds that each run of a point may spend: those of the fixed network."""
    fixed = runs_by_method(entry).get(FIXED)
    spent: int = fixed[0]["multiply_adds"] if fixed else max(run["multiply_adds"] for run in entry["runs"])
    return spent


def runs_by_method(entry: Mapping[str, Any]) -> dict[str, Runs]:
    """Return the runs of each method that has any."""
    runs = {method: [run for run in entry["runs"] if run["method"] == method] for method in METHODS}
    return {method: found for method, found in runs.items() if found}


def difference(runs: Runs, others: Runs) -> str:
    """Format the mean difference in accuracy with its 95 % interval (Student's t).

    Args:
        runs: Runs of a method.
        others: Runs of the method that it is compared with; only equal seeds are compared.
    """
    accuracy = {run["seed"]: run["test_accuracy"] for run in others}
    differences = [100 * (run["test_accuracy"] - accuracy[run["seed"]]) for run in runs if run["seed"] in accuracy]
    if runs is others or not differences:
        return "-"
    mean = statistics.mean(differences)
    if len(differences) < 2:
        return f"{mean:+.3f}"
    half = stats.t.ppf(0.975, len(differences) - 1) * statistics.stdev(differences) / len(differences) ** 0.5
    return f"{mean:+.3f} [{mean - half:+.3f}, {mean + half:+.3f}]"


def _heading(entry: Mapping[str, Any]) -> str:
    """Name the point of an entry."""
    recipe = entry["recipe"]
    epochs = recipe["budget_epochs"]
    kind = recipe["network"]["kind"]
    network = "" if kind == "mlp" else f"Network of kind {kind}: at most "
    width = f"{network or 'At most '}{recipe['growth']['max_neurons']:,} neurons"
    precisions = sorted({run["precision"] for run in entry["runs"]})
    on_gpu = any(run.get("device") == "cuda" for run in entry["runs"])
    device = f" on one {entry['hardware']['gpu']}" if on_gpu else ""
    return f"**{width}, budget of {epochs} epochs with that width, in {' and '.join(precisions)}{device}**"


def _place(item: tuple[str, Mapping[str, Any]]) -> tuple[bool, str, int, int, str]:
    """Return the place of an entry: by kind of network, width, budget, and then learning rate and precision."""
    key, entry = item
    recipe = entry["recipe"]
    kind = recipe["network"]["kind"]
    return kind != "mlp", kind, recipe["growth"]["max_neurons"], recipe["budget_epochs"], key


def _architecture(network: Mapping[str, Any]) -> str:
    """Describe what growth does not change."""
    if network["kind"] == "mlp":
        return f"{network['hidden_layers']} hidden layers"
    return ", ".join(f"{name} {value}" for name, value in network[network["kind"]].items())


def _widths(run: Run) -> str:
    """Format the widths of a run, at the start and at the end."""
    first, last = (
        str(widths[0]) if len(set(widths)) == 1 else "-".join(map(str, widths))
        for widths in (run["first_widths"], run["widths"])
    )
    return first if first == last else f"{first} to {last}"
