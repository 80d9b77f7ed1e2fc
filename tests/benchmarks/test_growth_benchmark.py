"""The growth benchmark in its quick mode: it runs, continues where it stopped, and compares equal seeds."""

import pytest

from benchmarks.growth.tables import DIRTY


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
