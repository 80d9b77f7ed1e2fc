"""The table and the figure of the growth benchmark."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy import stats

from benchmarks.common.tables import machine_line, markdown, mean_and_deviation
from benchmarks.growth.methods import FIXED, FIXED_FEWER, METHODS
from mnist_growth.figures import stamp
from mnist_growth.figures.theme import TEMPLATE

Runs = Sequence[Mapping[str, Any]]
HEADER = (
    "method",
    "multiply-adds, share of fixed",
    "wall time, s",
    "test accuracy, %",
    "minus fixed, equal epochs",
    "minus fixed, equal multiply-adds",
    "n",
)
DIRTY = "†"
"""Marks a method with runs that were not made with exactly the code of a commit."""

SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down", "star", "hexagram", "bowtie")


def table(entry: Mapping[str, Any]) -> str:
    """Format one row per method: means, deviations, and differences from the fixed network with the same seeds."""
    by_method = runs_by_method(entry)
    cost = statistics.mean(run["multiply_adds"] for run in by_method.get(FIXED, entry["runs"]))
    rows = [
        (
            method if all(run["clean"] for run in runs) else f"{method} {DIRTY}",
            f"{statistics.mean(run['multiply_adds'] for run in runs) / cost:.2f}",
            mean_and_deviation([run["wall_seconds"] for run in runs], 1),
            mean_and_deviation([100 * run["test_accuracy"] for run in runs], 2),
            difference(runs, by_method.get(FIXED, [])),
            difference(runs, by_method.get(FIXED_FEWER, [])),
            len(runs),
        )
        for method, runs in by_method.items()
    ]
    recipe = entry["recipe"]
    dirty = sum(not run["clean"] for run in entry["runs"])
    precisions = sorted({run["precision"] for run in entry["runs"]})
    return (
        f"{markdown(HEADER, rows)}\n\n"
        f"{recipe['dataset']}, {recipe['train_digits']:,} training and {recipe['test_digits']:,} test digits, "
        f"{recipe['growth']['initial_neurons']} to {recipe['growth']['max_neurons']} neurons in "
        f"{recipe['network']['hidden_layers']} layers, {recipe['training']['epochs']} epochs. "
        "Mean ± standard deviation over n seeds; differences in percentage points, with the same seeds, with the "
        f"95 % interval of their mean. Computed in {' and '.join(precisions)}. "
        + (f"{DIRTY}: {dirty} of {len(entry['runs'])} runs were made with uncommitted changes. " if dirty else "")
        + machine_line(entry)
    )


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


def draw(entry: Mapping[str, Any]) -> go.Figure:
    """Draw test accuracy against multiply-adds and against wall time: each run, and the mean of each method."""
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    panels = (("multiply_adds", "training multiply-adds"), ("wall_seconds", "wall time (s)"))
    colors = TEMPLATE.layout.colorway
    for index, (method, runs) in enumerate(runs_by_method(entry).items()):
        style = {"color": colors[index % len(colors)], "symbol": SYMBOLS[index % len(SYMBOLS)]}
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
    figure.update_layout(template=TEMPLATE, title="Growing compared with a fixed width", height=520)
    recipe, seeds = entry["recipe"], {run["seed"] for run in entry["runs"]}
    provenance = (
        f"dataset {recipe['dataset']} · {recipe['test_digits']:,} test digits · "
        f"{recipe['training']['epochs']} epochs · {len(seeds)} seeds · large: mean of a method"
    )
    return stamp(figure, provenance)
