"""The growth benchmark in its quick mode: it runs, continues where it stopped, and compares equal seeds."""

from dataclasses import asdict

import pytest

from benchmarks.common.circumstances import Circumstances
from benchmarks.growth.tables import DIRTY, tables


def rows_and_runs(lines):
    """Rows of the table, and the lines that report a run."""
    rows = [[cell.strip(f" {DIRTY}") for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return rows[2:], [line for line in lines if ", seed " in line]


@pytest.mark.slow
def test_it_continues_where_it_stopped_and_compares_equal_seeds(project, quick):
    methods = ["--methods", "fixed", "grown, net2net_split", "trigger budget"]
    _, lines = quick("growth.compare", "growth", "--seeds", "1", *methods)
    assert len(rows_and_runs(lines)[1]) == 3
    results, lines = quick("growth.compare", "growth", "--seeds", "2", *methods)
    rows, runs = rows_and_runs(lines)
    assert len(runs) == 3  # those of the first seed are not repeated
    assert [(row[0], row[-1]) for row in rows] == [(name, "2") for name in methods[1:]]
    (entry,) = results.values()
    assert entry["n"] == 2
    accuracy = {(run["method"], run["seed"]): 100 * run["test_accuracy"] for run in entry["runs"]}
    expected = sum(accuracy["grown, net2net_split", seed] - accuracy["fixed", seed] for seed in (0, 1)) / 2
    assert float(rows[1][5].split()[0]) == pytest.approx(expected, abs=1e-3)
    assert rows[1][1].endswith("to 64")
    assert all(float(row[3]) <= 1 for row in rows)
    assert (project / "build/benchmarks/growth.html").exists()


def test_points_of_other_kinds_of_networks_follow_those_of_perceptrons():
    run = {"method": "fixed", "seed": 0, "clean": True, "epochs": 5, "multiply_adds": 7, "test_accuracy": 0.9}
    run |= {"first_widths": [64], "widths": [64], "validation_accuracy": 0.9, "precision": "float32"}
    common = {"budget_epochs": 5, "dataset": "sample", "train_digits": 4500, "test_digits": 500}
    common |= {"training": {"learning_rate": 0.004}}
    networks = {"residual": {"kind": "residual", "residual": {"blocks": 4}}, "mlp": {"kind": "mlp", "hidden_layers": 3}}
    widths = {"residual": 64, "mlp": 512}
    entries = {
        kind: {
            **asdict(Circumstances.now(quick=True)),
            "recipe": {**common, "network": network, "growth": {"max_neurons": widths[kind]}},
            "runs": [run],
        }
        for kind, network in networks.items()
    }
    entries["mlp"]["runs"] = [{**run, "device": "cuda"}]
    entries["mlp"]["hardware"]["gpu"] = "Fast GPU"
    text = tables(entries)
    first, second = (line for line in text.splitlines() if line.startswith("**"))
    assert first == "**At most 512 neurons, budget of 5 epochs with that width, in float32 on one Fast GPU**"
    assert second == "**Network of kind residual: at most 64 neurons, budget of 5 epochs with that width, in float32**"
    assert "500 test digits, 3 hidden layers, learning rate" in text
    assert "500 test digits, blocks 4, learning rate" in text
