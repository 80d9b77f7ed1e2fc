"""The speed benchmarks in their quick mode, and how they count."""

import importlib
import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.common.pages import with_block
from benchmarks.speed import race as races
from benchmarks.speed.accuracy_tables import table
from benchmarks.speed.time_to_accuracy import RIVALS, Entrant, limits_of
from benchmarks.speed.training_steps import executed_multiply_adds

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [0.0]
    monkeypatch.setattr(races.time, "perf_counter", lambda: now[0])
    return now


def race_over(clock, goals, epochs):
    """A race whose epochs take some seconds and reach some accuracies."""
    labels = np.arange(10)
    race = races.Race(
        races.Arrays(np.zeros((10, 28, 28), np.uint8), labels, np.zeros((10, 28, 28), np.uint8), labels), goals
    )
    race.start()
    for seconds, right in epochs:
        clock[0] += seconds

        def predict(_images, right=right):
            clock[0] += 1000  # the test is not counted
            return np.where(labels < right, labels, -1)

        race.epoch(predict)
    return race


def test_the_clock_stands_still_during_the_test_and_the_race_ends_at_the_goal(clock):
    with pytest.raises(races.Finished):
        race_over(clock, {0.9: 60.0}, [(2, 5), (3, 9)])


def test_a_goal_that_is_reached_after_its_time_is_not_reached(clock):
    race = race_over(clock, {0.5: 4.0, 0.9: 60.0}, [(5, 5)])
    assert race.seconds_to(0.5) is None
    assert race.curve == [(5.0, 0.5)]
    assert races.Race(race.digits, {0.5: 9.0}, race.curve).seconds_to(0.5) == 5.0


def test_the_gradient_of_the_pixels_is_not_counted():
    by_hand = 784 * 8 * 2 + 8 * 4 * 3 + 4 * 10 * 3
    assert executed_multiply_adds([8, 4]) == by_hand


def test_ratios_are_of_the_same_round_and_a_goal_that_was_missed_says_so():
    def run(contestant, number, seconds):
        return {
            "contestant": contestant,
            "round": number,
            "goals": [0.98],
            "limits": {"0.98": 150.0},
            "seconds_to": {"0.98": seconds},
            "curve": [[seconds or 151.0, 0.97]],
            "peak_rss_mb": 100,
        }

    runs = [run("mnist-growth, float32", 0, 1.0), run("slow", 0, 10.0), run("never", 0, None)]
    runs += [run("mnist-growth, float32", 1, 2.0), run("slow", 1, 40.0), run("never", 1, None)]
    rows = [line.split(" | ") for line in table({"runs": runs, "matmul_gflops": [50.0, 100.0]}, 0.98).splitlines()]
    assert [row[1:4] for row in rows[3:5]] == [
        ["25.0 ± 21.2", "15.0 ± 7.1", "2 of 2"],
        ["not in 151 (limit 150)", "-", "0 of 2"],
    ]
    assert "1.2 ± 1.1" in table({"runs": runs, "matmul_gflops": [50.0, 100.0]}, 0.98)  # 0.5 and 2.0 s at 100 GFLOP/s


def test_a_rival_tries_the_higher_goal_in_the_first_round_only():
    ours = Entrant("mnist-growth, float32", "ours", (0.99,), {}, "settings")
    rival = Entrant("gromo", "gromo_mlp", (0.98, 0.99), {})
    assert limits_of(ours, (0.98, 0.99), 1, 45.0) == {"0.99": 300.0}
    assert limits_of(rival, (0.98, 0.99), 0, 45.0) == {"0.98": 150.0, "0.99": 45.0}
    assert limits_of(rival, (0.98, 0.99), 1, 45.0) == {"0.98": 150.0}


@pytest.mark.parametrize("label", RIVALS)
def test_every_rival_states_whether_it_is_tuned(label):
    module, package = RIVALS[label]
    if not find_spec(package):
        pytest.skip(f"{package} is not installed")
    contestant = importlib.import_module(f"benchmarks.speed.contestants.{module}")
    assert "tuned" in contestant.ORIGIN
    assert contestant.SETTINGS


def test_a_block_of_a_page_is_replaced_and_the_rest_is_kept():
    once = with_block("before\n<!-- a -->\n<!-- a -->\nafter <!-- b -->", "<!-- a -->", "first\n")
    assert once == "before\n<!-- a -->\n\nfirst\n\n<!-- a -->\nafter <!-- b -->"
    assert with_block(once, "<!-- a -->", "\\1") == once.replace("first", "\\1")
    with pytest.raises(ValueError, match="1 marks"):
        with_block(once, "<!-- b -->", "")


@pytest.mark.slow
def test_a_quick_throughput_measures_every_kind_of_update(project, quick):
    results, lines = quick("speed.throughput", "throughput", "--rounds", "2")
    kinds = [(row["precision"], row["warps"], row["growths"]) for row in results["rows"]]
    assert kinds == [*((p, w, 0) for p in ("float32", "bfloat16") for w in (False, True)), ("float32", False, 6)]
    assert all(row["images_per_second"] > 0 and math.isfinite(row["share_of_peak"]) for row in results["rows"])
    assert sum(line.startswith("|") for line in lines) == 3
    assert (project / "build/benchmarks/throughput.html").exists()


@pytest.mark.slow
def test_a_quick_race_compares_with_the_rivals_that_are_installed(project, quick):
    rivals = ["PyTorch tensors", "scikit-learn", "Dataset + DataLoader"]
    rivals += ["gromo"] if find_spec("gromo") else []
    results, lines = quick("speed.time_to_accuracy", "time_to_accuracy", "--rounds", "1", "--rivals", *rivals)
    assert {run["contestant"] for run in results["runs"]} >= set(rivals)
    for run in results["runs"]:
        assert any(run["seconds_to"].values()), run
        assert run["peak_rss_mb"] > 50
    rows = [line for line in lines if line.startswith("|")]
    assert sum(rivals[0] in row for row in rows) == 2  # in the tables of both goals
    assert (project / "build/benchmarks/time_to_accuracy.html").exists()
