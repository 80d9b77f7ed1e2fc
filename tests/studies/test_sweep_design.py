"""Designs of a sweep, and what is computed from its trainings."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.stats import t as student

import configured
from mnist_growth import studies
from mnist_growth.studies import Outcome

RATE, BATCH = "training.learning_rate", "training.batch_size"
USUAL = {RATE: 0.002, BATCH: 256}


def sweep(**changes):
    parameters = [
        {"name": RATE, "values": [0.001, 0.002], "documented": [0.001, 0.01]},
        {"name": BATCH, "values": [64, 128, 256]},
    ]
    return configured.sweep(**{"parameters": parameters, "pairs": [], **changes})


def training(rate, batch, seed, accuracy, state="finished"):
    return {
        RATE: rate,
        BATCH: batch,
        "training.seed": seed,
        "state": state,
        "validation_accuracy": accuracy,
        "test_accuracy": accuracy - 0.01,
        "seconds": 10.0 * seed,
        "peak_rss_bytes": 1000,
        "key": f"{rate}-{batch}-{seed}",
    }


def test_one_at_a_time_changes_one_parameter_and_a_grid_all():
    alone = studies.combinations(sweep(), USUAL)
    paired = studies.combinations(sweep(pairs=[[RATE, BATCH]]), USUAL)
    grid = studies.combinations(sweep(design="grid"), USUAL)

    assert alone == [
        {RATE: 0.001, BATCH: 256},
        {RATE: 0.002, BATCH: 256},
        {RATE: 0.002, BATCH: 64},
        {RATE: 0.002, BATCH: 128},
    ]
    assert len(grid) == 6
    assert {tuple(each.items()) for each in paired} == {tuple(each.items()) for each in grid}


def test_each_combination_is_trained_with_successive_seeds(laboratory):
    recipe = laboratory.recipe.with_values({"training.seed": 5, BATCH: 256})
    trials = studies.define_sweep(sweep(seeds=2), recipe, laboratory.data.train, laboratory.data.split)

    assert len(trials) == len({trial.key for trial in trials}) == 8
    assert [trial.changes["training.seed"] for trial in trials[:2]] == [5, 6]
    assert trials[0].setup.training.learning_rate == 0.001


def test_a_row_of_the_table_is_a_training_and_a_failed_one_has_no_accuracy(laboratory):
    trials = [laboratory.trial(rate=rate, seed=0) for rate in (0.002, 0.001)]
    epoch = {"epoch": 1, "validation_accuracy": 0.5, "validation_loss": 1.5, "parameters": 7, "multiply_adds": 9}
    ended = [
        (trials[0], Outcome(state="finished", history=[epoch], test_accuracy=0.25, seconds=3.0)),
        (trials[1], Outcome(state="failed", history=[epoch], reason="not enough memory")),
    ]

    failed, finished = studies.trainings_table(ended).to_dict("records")

    assert (finished[RATE], finished["validation_accuracy"], finished["test_accuracy"]) == (0.002, 0.5, 0.25)
    assert (failed[RATE], failed["state"], failed["reason"]) == (0.001, "failed", "not enough memory")
    assert np.isnan(failed["validation_accuracy"])
    assert np.isnan(failed["test_accuracy"])


def test_a_response_leaves_the_other_parameters_as_usual():
    trainings = pd.DataFrame(
        [training(rate, batch, 0, 0.9) for rate in (0.001, 0.002) for batch in (64, 256)],
    )

    alone = studies.responses(trainings, sweep(), USUAL)
    grid = studies.responses(trainings, sweep(design="grid"), USUAL)

    assert alone["key"].tolist() == ["0.001-256-0", "0.002-256-0", "0.002-64-0", "0.002-256-0"]
    assert alone["parameter"].tolist() == [RATE, RATE, BATCH, BATCH]
    assert len(grid) == 8


def test_means_have_the_interval_of_the_t_distribution_and_count_failures():
    rows = [training(0.002, 256, seed, accuracy) for seed, accuracy in enumerate((0.90, 0.92, 0.97))]
    rows.append(training(0.002, 256, 3, np.nan, state="failed"))
    table = studies.responses(pd.DataFrame(rows), sweep(), USUAL)

    [mean] = studies.mean_responses(table[table["parameter"] == RATE]).to_dict("records")

    half = student.ppf(0.975, 2) * np.std([0.90, 0.92, 0.97], ddof=1) / np.sqrt(3)
    assert mean["validation_accuracy"] == pytest.approx(0.93)
    assert mean["validation_accuracy_low"] == pytest.approx(0.93 - half)
    assert mean["test_accuracy_high"] == pytest.approx(0.92 + half)
    assert (mean["trainings"], mean["failed"], mean["seconds"]) == (3, 1, pytest.approx(10))


def test_a_value_is_good_if_its_paired_difference_from_the_best_contains_0():
    accuracies = {64: (0.96, 0.97, 0.963), 128: (0.985, 0.995, 0.987), 256: (0.97, 0.99, 1.0)}
    rows = [
        training(0.002, batch, seed, value) for batch, values in accuracies.items() for seed, value in enumerate(values)
    ]
    rows += [training(0.001, 256, seed, np.nan, state="failed") for seed in range(3)]
    trainings = pd.DataFrame([row for row in rows if row[RATE] == 0.001 or row[BATCH] != 256])
    every = pd.DataFrame(rows)

    _, batch = studies.good_ranges(studies.responses(every, sweep(), USUAL), sweep()).to_dict("records")
    rate, _ = studies.good_ranges(studies.responses(trainings, sweep(), USUAL), sweep()).to_dict("records")

    assert (batch["best"], batch["good_low"], batch["good_high"]) == (128, 128, 256)  # 64 is worse with every seed
    assert batch["validation_accuracy"] == pytest.approx(0.989)
    assert np.isnan(batch["documented_low"])
    assert (batch["smallest_tried"], batch["largest_tried"]) == (64, 256)
    assert (rate["documented_low"], rate["documented_high"]) == (0.001, 0.01)
    assert np.isnan(rate["best"])


def test_the_mean_of_a_pair_is_over_its_seeds():
    accuracies = {(0.001, 64): (0.8, 0.9), (0.002, 64): (0.6, np.nan), (0.002, 128): (0.7, 0.7)}
    rows = [training(*pair, seed, value) for pair, values in accuracies.items() for seed, value in enumerate(values)]

    table = studies.pair_means(pd.DataFrame(rows), sweep(pairs=[[RATE, BATCH]]), USUAL)

    found = {
        (row.first_value, row.second_value): (row.trainings, row.validation_accuracy) for row in table.itertuples()
    }
    assert found == {
        (0.001, 64): (2, pytest.approx(0.85)),
        (0.002, 64): (1, pytest.approx(0.6)),
        (0.002, 128): (2, pytest.approx(0.7)),
    }


def test_importance_is_the_share_of_the_variance_of_each_parameter():
    """Of f = 3 a + b over a full grid: the variances are 9 and 1 parts of ten."""
    grid = [(a, b) for a in range(5) for b in range(5)]
    trainings = pd.DataFrame({"a": [10.0**a for a, _ in grid], "b": [b for _, b in grid], "same": 1})
    trainings["value"] = [3 * a + b for a, b in grid]
    trainings["constant"] = 4.0

    table = studies.importances(trainings, ["a", "b", "same"], ["value", "constant"])

    shares = table.set_index("parameter")["importance"]
    assert set(table["measure"]) == {"value"}
    assert shares["a"] == pytest.approx(0.9, abs=0.03)
    assert shares["b"] == pytest.approx(0.1, abs=0.03)
    assert shares["same"] == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"parameters": [{"name": RATE, "values": []}]}, "has the values .* for training.learning_rate; expected one"),
        ({"parameters": [{"name": RATE, "values": [1, 1]}]}, "expected one or more different numbers"),
        ({"parameters": []}, "'sweep.parameters' has the names"),
        ({"pairs": [[RATE, "warps.scale"]]}, "expected two of sweep.parameters, which are training.learning_rate"),
        ({"pairs": [[RATE, RATE]]}, "'sweep.pairs' has the pair"),
    ],
)
def test_a_sweep_without_meaning_is_refused(changes, sentence):
    with pytest.raises(ValidationError, match=sentence):
        sweep(**changes)


def test_a_study_in_which_nothing_finishes_says_why(laboratory):
    failed = [(laboratory.trial(seed=0), Outcome(state="failed", reason="The loss became nan"))]

    with pytest.raises(RuntimeError, match="None of the 1 trainings .*The loss became nan"):
        studies.check_finished(failed)
