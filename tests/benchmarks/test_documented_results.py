"""The results in the README and in docs/benchmarks.md are those in benchmarks/results."""

import re

import pytest

from benchmarks import page
from benchmarks.common.pages import block
from benchmarks.common.paths import PROJECT
from benchmarks.common.results import read_results
from benchmarks.common.tables import mean_and_deviation
from benchmarks.speed.contestants import TUNINGS

RUN = "--env local"
GOALS = ("98%", "99%")
NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?: ± \d[\d,]*(?:\.\d+)?)?(?![\w-])")
ROWS = {
    "mnist-growth": None,
    "PyTorch tensors": "tensors in memory",
    "scikit-learn": "scikit-learn",
    "gromo": "gromo",
    "Keras on torch": "Keras",
    "Dataset + DataLoader": "DataLoader",
}
"""What the row of a contestant contains in the README, by its label in the results; ours is the first contestant."""


def race(goal):
    return read_results("time_to_accuracy", quick=False)[goal]


def ours():
    """The label of our first contestant, with the default precision."""
    return race("98%")["runs"][0]["contestant"]


def measured_labels():
    return {run["contestant"] for run in race("98%")["runs"]}


def readme_results():
    text = (PROJECT / "README.md").read_text("utf-8")
    return text.split("<!-- results -->")[1].split("<!-- /results -->")[0]


def numbers(text):
    """Numbers of a text, with their deviation, outside code and links."""
    return set(NUMBER.findall(re.sub(r"`[^`]*`|\]\([^)]*\)", " ", text)))


def formats(values, *digits):
    """Ways to write a mean: with its deviation and without."""
    return {form for count in digits for form in _formats(values, count)}


def _formats(values, digits):
    written = mean_and_deviation(values, digits)
    return {written, written.split(" ± ")[0]}


def of_complete_runs():
    """What the README may say of complete runs."""
    runs = read_results("whole_run", quick=False)[RUN]
    allowed = formats([100 * run["test_accuracy"] for run in runs["runs"]], 2)
    for key in ("command_seconds", "training_seconds", "peak_rss_mb"):
        allowed |= formats([run[key] for run in runs["runs"]], 0)
    machine = runs["hardware"]
    return allowed | {str(len(runs["runs"])), f"{machine['matmul_gflops']:.0f}", str(machine["logical_cpus"])}


def of_contestant(label):
    """What the README may say of a contestant."""
    allowed = set()
    for goal in GOALS:
        runs = race(goal)["runs"]
        own = {run["round"]: run for run in runs if run["contestant"] == label}
        first = {run["round"]: run["seconds"] for run in runs if run["contestant"] == ours()}
        seconds = {number: run["seconds"] for number, run in own.items() if run["seconds"]}
        if seconds:
            ratios = [value / first[number] for number, value in seconds.items()]
            allowed |= formats(list(seconds.values()), 1) | formats(ratios, 0, 1)
            allowed |= formats([own[number]["peak_rss_mb"] for number in seconds], 0) | {str(len(seconds))}
    return allowed


def test_the_results_of_the_readme_are_generated_from_the_results():
    assert readme_results().strip() == page.readme_results()


def test_the_row_of_ours_in_the_readme_is_measured_on_the_default_precision():
    assert ours().startswith("mnist-growth, ")
    assert not any(run["contestant"] == ours() and run["settings"] == "" for run in race("98%")["runs"])


@pytest.mark.parametrize("label", ROWS)
def test_the_row_of_a_contestant_in_the_readme_is_what_was_measured(label):
    in_results = ours() if ROWS[label] is None else label
    name = "**mnist-growth**" if ROWS[label] is None else ROWS[label]
    rows = [line for line in readme_results().splitlines() if line.startswith("|") and name in line.split("|")[1]]
    if in_results not in measured_labels():
        assert rows == []
        assert "Not measured yet: " in readme_results()
        return
    assert len(rows) == 1
    _, settings, *cells = rows[0].strip("|").split("|")
    assert settings.strip() in TUNINGS
    found = numbers("|".join(cells))
    assert len(found) >= 3
    assert found <= of_contestant(in_results) | {"1"}


def test_the_row_of_complete_runs_in_the_readme_is_what_was_measured():
    (row,) = [line for line in readme_results().splitlines() if line.startswith("| `make run`")]
    _, *cells = row.strip("|").split("|")
    found = numbers("|".join(cells))
    assert any(" ± " in number for number in found)
    assert found <= of_complete_runs()


def test_every_number_between_the_result_marks_of_the_readme_is_measured():
    races = [race(goal) for goal in GOALS]
    allowed = of_complete_runs().union(*map(of_contestant, measured_labels()))
    allowed |= {goal.removesuffix("%") for goal in GOALS}
    allowed |= {f"{run['limit']:.0f}" for results in races for run in results["runs"]}
    allowed |= {str(races[0]["hardware"][name]) for name in ("matmul_gflops", "logical_cpus")} | {"1"}
    allowed |= {"70,000"}  # digits of MNIST
    text = re.sub(r"\d{4}-\d\d-\d\d, commit \w+", "", readme_results())
    assert numbers(text) - allowed == set()


@pytest.mark.parametrize("mark", page.blocks())
def test_the_tables_of_the_benchmark_page_are_those_of_the_results(mark):
    documented = block(page.PAGE.read_text("utf-8"), mark)
    assert documented == page.blocks()[mark].strip()
    assert documented.count("\n|") >= 3


def test_a_result_that_was_not_measured_is_found():
    assert numbers("| 99.99 ± 0.05 %, n = 50 | `make run` 12 | 1,002 MB |") == {"99.99 ± 0.05", "50", "12", "1,002"}
    assert "99.99 ± 0.05" not in of_complete_runs()
    assert "50" not in of_complete_runs()
