"""Rounds of active learning on small images."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from small_study import Records

import configured
from mnist_growth.network import build, predict_logits
from mnist_growth.studies import worker
from mnist_growth.studies.active import ActiveLearner, define_active_learning, repeated
from mnist_growth.studies.active_results import labels_needed, mean_accuracies, rounds_table
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.outputs import outputs
from mnist_growth.training import Machine

MACHINE = Machine("cpu", 1, 0.5)


def config(**changes):
    small = {
        "recipe": {},
        "strategies": ["random", "margin"],
        "labels": [12, 20, 40],
        "seeds": 2,
        "images_per_epoch": 60,
        "grows": False,
    }
    return configured.active(**small | changes)


def learners(laboratory, **changes):
    return define_active_learning(config(**changes), laboratory.recipe, laboratory.data)


def run(learner, data):
    rows = []
    outcome = learner.run(data, MACHINE, lambda row: bool(rows.append(row)))
    assert rows == outcome.history
    return outcome


@pytest.fixture
def chosen(monkeypatch):
    """Indices of the labelled images of every round, as they are trained on."""
    found = []

    def remember(digits, rows, images):
        found.append(rows)
        return repeated(digits, rows, images)

    monkeypatch.setattr("mnist_growth.studies.active.repeated", remember)
    return found


@pytest.mark.parametrize("strategy", ["random", "margin", "badge"])
def test_labels_are_added_to_the_training_part_and_kept(laboratory, chosen, strategy):
    [learner] = learners(laboratory, strategies=[strategy], seeds=1)

    outcome = run(learner, laboratory.data)

    assert [len(rows) for rows in chosen] == [12, 20, 40]
    assert all(set(before) < set(after) for before, after in pairwise(chosen))
    assert set(chosen[-1]) <= set(laboratory.data.split.train)
    assert [row["labels"] for row in outcome.history] == [12, 20, 40]
    assert [row["epoch"] for row in outcome.history] == [1, 2, 3]
    assert outcome.state == "finished"
    assert outcome.is_final


def test_equal_seeds_begin_with_equal_images_and_repeat_bit_for_bit(laboratory, chosen):
    random, margin, other_seed, _ = learners(laboratory)

    outcomes = [run(each, laboratory.data) for each in (random, margin, margin, other_seed)]

    firsts = chosen[::3]
    assert np.array_equal(firsts[0], firsts[1])
    assert not np.array_equal(firsts[0], firsts[3])
    assert not np.array_equal(chosen[1], chosen[4])  # the second round of random and of margin
    assert outcomes[1].history == outcomes[2].history
    assert outcomes[0].history[0] == outcomes[1].history[0]
    assert outcomes[0].history[0] != outcomes[3].history[0]


def test_the_strategy_gets_the_images_about_which_the_network_is_least_sure(laboratory, monkeypatch):
    [learner] = learners(laboratory, strategies=["margin"], seeds=1, labels=[12, 20])
    networks = []
    original = ActiveLearner._trained
    monkeypatch.setattr(
        ActiveLearner, "_trained", lambda *arguments: networks.append(original(*arguments)) or networks[-1]
    )
    labelled = []
    monkeypatch.setattr(
        "mnist_growth.studies.active.repeated",
        lambda digits, rows, images: labelled.append(rows) or repeated(digits, rows, images),
    )

    run(learner, laboratory.data)

    rest = np.setdiff1d(laboratory.data.split.train, labelled[0])
    probabilities = torch.softmax(torch.from_numpy(predict_logits(networks[0], laboratory.data.train.images[rest])), 1)
    first, second = probabilities.topk(2, dim=1)[0].unbind(1)
    margins = (first - second).numpy()
    new = np.isin(rest, labelled[1])
    assert new.sum() == 8
    assert margins[new].max() <= margins[~new].min()


def test_a_growing_network_starts_narrow_and_ends_wide(laboratory):
    growth = configured.growth(initial_neurons=8, max_neurons=20)
    laboratory.recipe = replace(laboratory.recipe, growth=growth)
    [anew] = learners(laboratory, strategies=["random"], seeds=1)
    [growing] = learners(laboratory, strategies=["random"], seeds=1, grows=True)

    assert [row["width"] for row in run(anew, laboratory.data).history] == [20, 20, 20]
    assert [row["width"] for row in run(growing, laboratory.data).history] == [8, 14, 20]


def test_every_image_is_repeated_equally_often_and_validated_on_once(laboratory):
    digits = laboratory.data.train
    rows = np.array([3, 5, 9])

    found, split = repeated(digits, rows, 10)

    assert np.array_equal(found.images[split.train], digits.images[np.tile(rows, 3)])
    assert np.array_equal(found.labels[split.validation], digits.labels[rows])
    assert len(repeated(digits, rows, 1)[1].train) == 3


def test_the_features_are_the_inputs_of_the_output_layer(laboratory):
    network = build(configured.network(hidden_layers=2).spec(6), laboratory.data.pixels).eval()
    images = laboratory.data.test.images[:7]

    probabilities, features = outputs(network, images, with_features=True)

    logits = torch.from_numpy(features) @ network.output.weight.T + network.output.bias
    assert torch.allclose(torch.softmax(logits, 1), torch.from_numpy(probabilities), atol=1e-6)
    assert outputs(network, images, with_features=False)[1].shape == (7, 0)


def test_everything_that_changes_the_outcome_changes_the_key(laboratory):
    keys = {
        learner.key
        for changes in ({}, {"labels": [12, 20]}, {"images_per_epoch": 90}, {"grows": True})
        for learner in learners(laboratory, **changes)
    }
    laboratory.recipe = laboratory.recipe.with_values({"training.learning_rate": 0.01})
    keys |= {learner.key for learner in learners(laboratory)}
    assert len(keys) == 5 * 4
    assert learners(laboratory)[0].key == learners(laboratory, goal=0.5)[0].key


def test_more_labels_than_images_are_refused(laboratory):
    with pytest.raises(ValueError, match=r"'active\.labels' goes up to 1,000, but .* has \d+ training images"):
        learners(laboratory, labels=[12, 1000])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"labels": [20, 12]}, "expected increasing numbers"),
        ({"labels": [1, 12]}, "of at least 2"),
        ({"strategies": ["random", "random"]}, "each strategy only once"),
        ({"strategies": ["luck"]}, "strategies"),
    ],
)
def test_parameters_are_checked(changes, sentence):
    with pytest.raises(ValidationError, match=sentence):
        config(**changes)


def rounds(accuracies):
    """Rounds of 100, 200 and 400 labels."""
    return pd.DataFrame(
        [
            {"strategy": strategy, "seed": seed, "labels": labels, "accuracy": accuracy}
            for (strategy, seed), values in accuracies.items()
            for labels, accuracy in zip((100, 200, 400), values, strict=True)
        ]
    )


def test_labels_for_a_goal_are_interpolated_and_compared_by_seed():
    table = rounds(
        {
            ("random", 0): (0.5, 0.8, 0.9),
            ("random", 1): (0.5, 0.6, 0.9),
            ("margin", 0): (0.7, 0.9, 0.9),
            ("margin", 1): (0.9, 0.9, 0.9),
            ("entropy", 0): (0.5, 0.9, 0.9),
            ("entropy", 1): (0.5, 0.6, 0.7),
        }
    )

    needed = labels_needed(table, config(strategies=["random", "margin", "entropy"], goal=0.8)).set_index("strategy")

    random, margin = np.array([200, 200 * 2 ** (2 / 3)]), np.array([100 * 2**0.5, 100])
    assert needed["labels"].to_dict() == pytest.approx(
        {"random": random.mean(), "margin": margin.mean(), "entropy": np.nan}, nan_ok=True
    )
    assert needed.loc["margin", "share"] == pytest.approx((margin / random).mean())
    assert needed.loc["random", "share"] == pytest.approx(1)
    assert needed["reached"].to_dict() == {"random": 2, "margin": 2, "entropy": 1}


def test_means_have_intervals_over_the_seeds():
    means = mean_accuracies(rounds({("random", 0): (0.5, 0.8, 0.9), ("random", 1): (0.6, 0.8, 0.9)}))

    first = means.iloc[0]
    assert (first["labels"], first["seeds"], first["accuracy"]) == (100, 2, pytest.approx(0.55))
    assert first["accuracy_low"] < 0.55 < first["accuracy_high"]


def test_a_series_that_has_failed_is_left_out_of_the_table(laboratory):
    finished, failed, *_ = learners(laboratory)
    outcome = Outcome(
        state="finished", history=[{"epoch": 1, "labels": 12, "accuracy": 0.5, "width": 8}], test_accuracy=0.5
    )

    table = rounds_table([(finished, outcome), (failed, Outcome(state="failed", reason="not enough memory"))])

    assert table.to_dict("records") == [
        {"strategy": "random", "seed": 0, "labels": 12, "accuracy": 0.5, "width": 8, "key": finished.key}
    ]


def test_a_study_runs_the_series_in_processes_and_keeps_their_outcomes(laboratory):
    jobs = learners(laboratory, labels=[12, 20], seeds=1)
    records = Records()

    ended = {job.strategy: outcome for job, outcome in laboratory.study(records, workers=2).run(jobs)}

    assert {strategy: outcome.state for strategy, outcome in ended.items()} == dict.fromkeys(
        ["random", "margin"], "finished"
    )
    assert all((record.epochs, record.ended) == ([1, 2], "finished") for record in records.all)
    assert ended["margin"].history == run(jobs[1], laboratory.data).history
    assert all(laboratory.store.find(job.key) == ended[job.strategy] for job in jobs)


def test_an_error_in_a_round_is_an_outcome(laboratory, monkeypatch):
    def fail(*arguments, **options):
        raise FloatingPointError("The training loss became nan in epoch 1")

    monkeypatch.setattr("mnist_growth.studies.active.start_training", fail)

    outcome = worker._outcome(learners(laboratory)[0], laboratory.data, MACHINE, lambda _: False)

    assert (outcome.state, outcome.reason) == ("failed", "The training loss became nan in epoch 1")
