"""The benchmark of growth in its quick mode: it runs, goes on where it was, and compares on the same seeds."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
COPIED = ("conf", "benchmarks", "pyproject.toml", ".telemetry")


@pytest.fixture
def project(tmp_path):
    """A copy of what the benchmark needs, so that it writes nothing into the project itself."""
    for name in COPIED:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, tmp_path / name)
    (tmp_path / "src").mkdir()
    return tmp_path


def benchmark(project, *arguments):
    """Rows of the table that the quick mode prints, and the lines that tell of runs."""
    command = [sys.executable, "-m", "benchmarks.growth.compare", "--quick", *arguments]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return rows[2:], [line for line in lines if ", seed " in line]


@pytest.mark.slow
def test_it_goes_on_where_it_was_and_compares_on_the_same_seeds(project):
    methods = ["--methods", "fixed", "fixed, fewer epochs", "net2net_split"]
    rows, runs = benchmark(project, "--seeds", "1", *methods)
    assert len(runs) == 3
    rows, runs = benchmark(project, "--seeds", "2", *methods)
    assert len(runs) == 3  # those of the first seed are there
    assert [(row[0], row[-1]) for row in rows] == [(name, "2") for name in methods[1:]]
    (entry,) = json.loads((project / "build/benchmarks/growth.json").read_text()).values()
    accuracy = {(run["method"], run["seed"]): 100 * run["test_accuracy"] for run in entry["runs"]}
    expected = sum(accuracy["net2net_split", seed] - accuracy["fixed", seed] for seed in (0, 1)) / 2
    assert float(rows[2][4].split()[0]) == pytest.approx(expected, abs=1e-3)
    assert float(rows[2][1]) <= 0.65
    assert len(list((project / "build/benchmarks").glob("growth-*.html"))) == 1
