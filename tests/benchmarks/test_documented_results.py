"""The results in the README and in docs/benchmarks.md are those in benchmarks/results."""

import re

import pytest

from benchmarks import page
from benchmarks.common.pages import block
from benchmarks.common.paths import PROJECT
from benchmarks.common.results import read_results
from benchmarks.common.tables import mean_and_deviation

RUN = "--env local"
GOALS = ("0.98", "0.99")
NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?: ± \d[\d,]*(?:\.\d+)?)?(?![\w-])")
CONTESTANTS = {
    "speed": "mnist-growth, bfloat16",
    "scikit-learn": "scikit-learn",
    "gromo": "gromo",
    "Keras": "Keras on torch",
    "DataLoader": "Dataset + DataLoader",
}
"""What the row of a contestant contains, and its label in the results."""


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
    results = read_results("time_to_accuracy", quick=False)
    allowed = set()
    for goal in GOALS:
        own = {run["round"]: run for run in results["runs"] if run["contestant"] == label and goal in run["limits"]}
        first = {
            run["round"]: run["seconds_to"][goal]
            for run in results["runs"]
            if run["contestant"] == CONTESTANTS["speed"] and goal in run["limits"]
        }
        seconds = {number: run["seconds_to"][goal] for number, run in own.items() if run["seconds_to"][goal]}
        if seconds:
            ratios = [value / first[number] for number, value in seconds.items()]
            allowed |= formats(list(seconds.values()), 1) | formats(ratios, 0, 1)
            allowed |= formats([own[number]["peak_rss_mb"] for number in seconds], 0)
    return allowed


def test_the_speed_row_of_the_readme_is_measured_on_the_default_precision():
    first = read_results("time_to_accuracy", quick=False)["runs"][0]
    assert first["contestant"] == CONTESTANTS["speed"]


@pytest.mark.parametrize("name", CONTESTANTS)
def test_the_row_of_a_contestant_in_the_readme_is_what_was_measured(name):
    rows = [line for line in readme_results().splitlines() if line.startswith("|") and name in line.split("|")[1]]
    assert len(rows) == 1
    _, *cells = rows[0].strip("|").split("|")
    found = numbers("|".join(cells))
    assert len(found) >= 3
    assert found <= of_contestant(CONTESTANTS[name])


def test_the_row_of_complete_runs_in_the_readme_is_what_was_measured():
    (row,) = [line for line in readme_results().splitlines() if line.startswith("| `make run`")]
    _, *cells = row.strip("|").split("|")
    found = numbers("|".join(cells))
    assert any(" ± " in number for number in found)
    assert found <= of_complete_runs()


def test_every_number_between_the_result_marks_of_the_readme_is_measured():
    results = read_results("time_to_accuracy", quick=False)
    labels = [*CONTESTANTS.values(), "mnist-growth, float32"]
    allowed = of_complete_runs().union(*map(of_contestant, labels))
    allowed |= {str(round(100 * float(goal))) for goal in GOALS}
    allowed |= {f"{limit:.0f}" for run in results["runs"] for limit in run["limits"].values()}
    allowed |= {str(len(results["matmul_gflops"])), str(results["hardware"]["matmul_gflops"])}
    allowed |= {"70,000"}  # digits of MNIST
    assert numbers(readme_results()) - allowed == set()


@pytest.mark.parametrize("mark", page.blocks())
def test_the_tables_of_the_benchmark_page_are_those_of_the_results(mark):
    documented = block(page.PAGE.read_text("utf-8"), mark)
    assert documented == page.blocks()[mark].strip()
    assert documented.count("\n|") >= 3


def test_a_result_that_was_not_measured_is_found():
    assert numbers("| 99.99 ± 0.05 %, n = 50 | `make run` 12 | 1,002 MB |") == {"99.99 ± 0.05", "50", "12", "1,002"}
    assert "99.99 ± 0.05" not in of_complete_runs()
    assert "50" not in of_complete_runs()
