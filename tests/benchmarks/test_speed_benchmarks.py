"""The speed benchmarks in their quick mode, and how they count."""

import importlib
import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.common.base_parameters import base_with
from benchmarks.common.pages import between, with_block
from benchmarks.speed import race as races
from benchmarks.speed.accuracy_tables import table
from benchmarks.speed.contestants import RIVALS, TUNED, TUNINGS
from benchmarks.speed.time_to_accuracy import GOALS, Entrant, schedule
from benchmarks.speed.training_steps import executed_multiply_adds
from mnist_growth.digits import sample_digits

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


@pytest.fixture
def entry():
    """Two rounds of a race to 98 %, as the results have it."""

    def run(contestant, number, seconds):
        return {
            "contestant": contestant,
            "round": number,
            "settings": "width 8",
            "origin": "an example",
            "tuning": "tuned",
            "limit": 150.0,
            "seconds": seconds,
            "curve": [[seconds or 151.0, 0.97]],
            "peak_rss_mb": 100,
        }

    runs = [run("mnist-growth, float32", 0, 1.0), run("slow", 0, 10.0), run("never", 0, None)]
    runs += [run("mnist-growth, float32", 1, 2.0), run("slow", 1, 40.0), run("never", 1, None)]
    hardware = {"processor": "P", "threads": 1, "logical_cpus": 2, "matmul_gflops": 50.0, "versions": {}}
    facts = {"date": "2026-11-26", "commit": "0123456789ab", "clean": False, "load": 0.1, "hardware": hardware}
    return {**facts, "goal": 0.98, "dataset": "mnist", "matmul_gflops": [50.0, 100.0], "runs": runs}


def test_ratios_are_of_the_same_round_and_a_goal_that_was_missed_says_so(entry):
    rows = [line.split(" | ") for line in table(entry).splitlines()]
    assert [row[1:5] for row in rows[3:5]] == [
        ["tuned", "25.0 ± 21.2", "15.0 ± 7.1", "2 of 2"],
        ["tuned", "not in 151 (limit 150)", "-", "0 of 2"],
    ]
    assert "1.2 ± 1.1" in table(entry)  # 0.5 and 2.0 s at 100 GFLOP/s


def test_a_table_states_the_commit_and_what_was_not_measured(entry):
    assert "commit 012345678 with uncommitted changes, " in table(entry)
    assert "commit 012345678, " in table({**entry, "clean": True})
    assert "commit not recorded, " in table({**entry, "commit": None, "clean": None})
    assert f"Not measured: {', '.join(RIVALS)}. " in table(entry)


def test_rivals_try_the_higher_goal_in_one_round_and_the_lower_one_in_all():
    ours = Entrant("mnist-growth, float32", "ours", {}, 300.0, settings="s")
    for goal, expected in (("98", [2, 2, 2]), ("99", [2, 1, 1])):
        rival = Entrant("gromo", "gromo_mlp", {}, GOALS[goal].rival_limit, GOALS[goal].rival_rounds)
        rounds = schedule([ours, rival], 3)
        assert [len(entrants) for entrants in rounds] == expected
        assert all(entrants[0] is ours for entrants in rounds)


@pytest.mark.parametrize("label", RIVALS)
def test_every_rival_states_where_its_settings_come_from(label):
    module, package = RIVALS[label]
    if not find_spec(package):
        pytest.skip(f"{package} is not installed")
    contestant = importlib.import_module(f"benchmarks.speed.contestants.{module}")
    assert contestant.TUNING in TUNINGS
    assert (contestant.TUNING == TUNED) == (module == "torch_tensors")
    assert contestant.SETTINGS
    assert "counted" in contestant.ORIGIN or "converted before the start" in contestant.ORIGIN


def test_a_block_of_a_page_is_replaced_and_the_rest_is_kept():
    once = with_block("before\n<!-- a -->\n<!-- a -->\nafter <!-- b -->", "<!-- a -->", "first\n")
    assert once == "before\n<!-- a -->\n\nfirst\n\n<!-- a -->\nafter <!-- b -->"
    assert with_block(once, "<!-- a -->", "\\1") == once.replace("first", "\\1")
    with pytest.raises(ValueError, match="1 marks"):
        with_block(once, "<!-- b -->", "")
    assert between("a <x>old</x> b", "<x>", "</x>", "new\n") == "a <x>\nnew\n</x> b"
    with pytest.raises(ValueError, match="does not have one <x> and one </x> after it"):
        between("</x> <x>", "<x>", "</x>", "new")


@pytest.mark.slow
def test_a_quick_throughput_measures_every_kind_of_update(project, quick):
    results, lines = quick("speed.throughput", "throughput", "--rounds", "2")
    kinds = [(row["precision"], row["warps"], row["growths"]) for row in results["rows"]]
    assert kinds == [*((p, w, 0) for p in ("float32", "bfloat16") for w in (False, True)), ("float32", False, 6)]
    assert all(row["images_per_second"] > 0 and math.isfinite(row["share_of_peak"]) for row in results["rows"])
    assert sum(line.startswith("|") for line in lines) == 3
    assert (project / "build/benchmarks/throughput.html").exists()


@pytest.mark.parametrize("label", [label for label in RIVALS if label != "Keras on torch"])
def test_a_rival_learns(label):
    module, package = RIVALS[label]
    if not find_spec(package):
        pytest.skip(f"{package} is not installed")
    contestant, digits = importlib.import_module(f"benchmarks.speed.contestants.{module}"), sample_digits()
    part = races.Arrays(digits.train.images, digits.train.labels, digits.test.images, digits.test.labels).first(500)
    race = races.Race(part, {0.5: 60.0})
    recipe = base_with(training={"epochs": 30, "batch_size": 32}, growth={"max_neurons": 32})
    with pytest.raises(races.Finished):
        contestant.run(race, 0, recipe)
    assert race.seconds_to(0.5)


@pytest.mark.slow
def test_a_quick_race_compares_with_a_rival(project, quick):
    rival = "PyTorch tensors"
    results, lines = quick("speed.time_to_accuracy", "time_to_accuracy", "--goals", "98", "--rivals", rival)
    (entry,) = results.values()
    assert entry["goal"] == 0.5
    assert entry["runs"][0]["contestant"].startswith("mnist-growth, ")
    assert entry["runs"][-1]["contestant"] == rival
    for run in entry["runs"]:
        assert run["seconds"], run
        assert run["tuning"] == TUNED
        assert run["peak_rss_mb"] > 50
    assert sum(line.startswith(f"| {rival} |") for line in lines) == 1
    assert (project / "build/benchmarks/time_to_accuracy-50.html").exists()
