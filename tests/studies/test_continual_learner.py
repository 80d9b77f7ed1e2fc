"""Series of tasks on small images."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from small_study import Records

import configured
from mnist_growth.digits import PixelStatistics
from mnist_growth.growth import widen_together, zero_fan_out
from mnist_growth.network import GrowingMLP, predict_logits
from mnist_growth.studies import task_learning
from mnist_growth.studies.continual import define_continual_learning
from mnist_growth.studies.continual_config import METHODS
from mnist_growth.studies.protection import protected_entries
from mnist_growth.studies.task_learning import TaskLearning, scaled_only
from mnist_growth.training import Machine

MACHINE = Machine("cpu", 1, 0.5)
SETTINGS = {"tasks": 2, "epochs": 1, "ewc_strength": 10.0}


def config(**changes):
    small = {
        "recipe": {},
        "scenarios": ["permuted"],
        "methods": ["naive"],
        "seeds": 1,
        "images_per_task": 60,
        "fisher_images": 20,
        "replay_images": 40,
        "settings": {
            **dict.fromkeys(("permuted", "rotated"), SETTINGS),
            **{name: {**SETTINGS, "tasks": 5} for name in ("split_task", "split_domain", "split_class")},
        },
    }
    return configured.continual(**small | changes)


@pytest.fixture
def laboratory(laboratory):
    laboratory.recipe = replace(
        laboratory.recipe,
        network=configured.network(hidden_layers=2, batch_norm=False),
        growth=configured.growth(initial_neurons=6, max_neurons=10),
        training=configured.training(batch_size=20, learning_rate=0.01, weight_decay=0.1, precision="float32"),
    )
    return laboratory


def learners(laboratory, **changes):
    return define_continual_learning(config(**changes), laboratory.recipe, laboratory.data)


def learning(laboratory, method, scenario="permuted", **changes):
    [learner] = learners(laboratory, methods=[method], scenarios=[scenario], **changes)
    return TaskLearning(
        learner.stream,
        METHODS[method],
        learner.config.settings[scenario],
        learner.config,
        learner.recipe,
        0,
        laboratory.data,
        MACHINE,
    )


def random_network(widths, seed):
    network = GrowingMLP(widths, batch_norm=False, generator=torch.Generator().manual_seed(seed))
    return network.eval()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_measures_every_task_so_far(laboratory, method):
    [learner] = learners(laboratory, methods=[method])
    rows = []

    outcome = learner.run(laboratory.data, MACHINE, lambda row: bool(rows.append(row)))

    assert rows == outcome.history
    assert [row["epoch"] for row in rows] == ([2] if method == "joint" else [1, 2])
    last = rows[-1]
    assert last["accuracy"] == pytest.approx((last["accuracy_1"] + last["accuracy_2"]) / 2)
    assert 0 <= last["validation_accuracy"] <= 1
    assert all("validation_accuracy" not in row for row in rows[:-1])
    grows = METHODS[method].grows
    assert [row["width"] for row in rows] == ([10] if method == "joint" else [6, 10] if grows else [10, 10])
    assert outcome.test_accuracy == last["accuracy"]
    assert outcome.is_final


def test_a_network_stays_on_the_device_of_the_trainings(laboratory, monkeypatch):
    series = learning(laboratory, "naive")
    monkeypatch.setattr(task_learning, "choose_device", lambda name: torch.device({"cpu": "meta"}[name]))
    series.learn([0])
    assert series.network.device.type == "meta"


def test_what_old_units_compute_is_bit_equal_after_a_second_task(laboratory):
    series = learning(laboratory, "growth")
    series.learn([0])
    first = {name: tensor.clone() for name, tensor in series.narrow.state_dict().items()}
    series.learn([1])

    after = series.narrow.state_dict()
    for name in ("hidden.0.linear.weight", "hidden.0.linear.bias", "hidden.1.linear.bias", "output.bias"):
        assert torch.equal(after[name][: len(first[name])], first[name]), name
    assert torch.equal(after["hidden.1.linear.weight"][:6, :6], first["hidden.1.linear.weight"])
    assert not after["hidden.1.linear.weight"][:6, 6:].any()
    assert torch.equal(after["output.weight"][:, :6], first["output.weight"])
    assert after["output.weight"][:, 6:].any()
    assert (after["hidden.1.linear.weight"][6:] != 0).any()


def test_logits_of_old_classes_stay_bit_equal_where_the_task_is_known(laboratory):
    series = learning(laboratory, "growth", "split_task")
    images = laboratory.data.test.images[:20]
    series.learn([0])
    first = predict_logits(series.narrow, images)
    series.learn([1])
    second = predict_logits(series.narrow, images)

    assert np.allclose(second[:, :2], first[:, :2], rtol=0, atol=1e-6)
    assert not np.allclose(second[:, 2:4], first[:, 2:4], rtol=0, atol=1e-2)


@pytest.mark.parametrize("is_task_known", [True, False])
def test_entries_of_old_units_and_answered_classes_are_protected(is_task_known):
    old = random_network([2, 3], 0)
    [new], _ = widen_together([old], [1, 2], zero_fan_out, torch.Generator().manual_seed(1))
    answered = torch.zeros(10, dtype=torch.bool)
    answered[:4] = True

    found = protected_entries(old, new, answered, is_task_known=is_task_known)

    assert found["hidden.0.linear.weight"].all(1).tolist() == [True, True, False]
    assert found["hidden.1.linear.weight"].all(1).tolist() == [True] * 3 + [False] * 2
    assert not found["hidden.1.linear.weight"][3:].any()
    assert found["hidden.1.linear.bias"].tolist() == [True] * 3 + [False] * 2
    assert found["output.weight"][:4, :3].all()
    assert bool(found["output.weight"][:4, 3:].any()) == is_task_known
    assert not found["output.weight"][4:].any()
    assert torch.equal(found["output.bias"], answered)


def test_growing_for_the_next_task_changes_no_answer(laboratory):
    series = learning(laboratory, "growth_ewc")
    series.learn([0])

    images = laboratory.data.test.images
    assert series.network.widths == (10, 10)
    assert np.allclose(predict_logits(series.network, images), predict_logits(series.narrow, images), rtol=0, atol=1e-5)
    outgoing = series.anchor.importance["output.weight"][:, 6:]
    assert (outgoing > 0).any()
    assert not series.anchor.centre["output.weight"][:, 6:].any()


def test_new_units_are_as_important_for_every_earlier_task_as_for_the_newest(laboratory):
    series = learning(laboratory, "growth_ewc", settings={"permuted": {**SETTINGS, "tasks": 4}})
    for task in range(3):
        series.learn([task])

    both = series.anchor.importance["output.weight"]
    series.anchor = None
    examples = torch.from_numpy(series.stream.examples(2, laboratory.data.train, series._chosen(2))[0])
    newest = series._consolidated(2, examples).importance["output.weight"]
    assert series.narrow.widths == (8, 8)
    assert torch.allclose(both[:, 8:], 3 * newest[:, 8:])
    assert (both[:, :8] > newest[:, :8]).any()


def test_elastic_weight_consolidation_holds_important_weights(laboratory):
    distances = {}
    for strength in (0.0, 1e6):
        series = learning(laboratory, "ewc", settings={"permuted": {**SETTINGS, "ewc_strength": strength}}, seeds=1)
        series.learn([0])
        first, anchor = series.narrow.output.weight.detach().clone(), series.anchor
        series.learn([1])
        moved = (series.narrow.output.weight - first).square()
        distances[strength] = float((anchor.importance["output.weight"] * moved).sum())
        assert float(series.anchor.importance["output.weight"].sum()) > float(anchor.importance["output.weight"].sum())
    assert distances[1e6] < 0.3 * distances[0.0]


def test_online_importance_decays(laboratory):
    series = learning(laboratory, "online_ewc", online_decay=0.0)
    series.learn([0])
    series.learn([1])
    assert torch.equal(series.anchor.centre["output.weight"], series.network.output.weight)


def test_replayed_images_are_as_many_as_new_ones(laboratory):
    series = learning(laboratory, "replay")
    series.learn([0])
    replayed = series._replayed(1, 60)

    images, labels = (np.concatenate(part) for part in zip(*replayed, strict=True))
    assert len(images) == 80  # the 40 images of the memory, twice
    assert np.bincount(labels, minlength=10).max() == np.bincount(labels, minlength=10).min() == 8
    assert set(series.memory.of_task(0)) <= set(series._chosen(0))


def test_a_seed_repeats_bit_for_bit_and_begins_alike_for_all_methods(laboratory):
    jobs = learners(laboratory, methods=["naive", "ewc"], seeds=2)
    outcomes = [job.run(laboratory.data, MACHINE, lambda _: False) for job in [*jobs, jobs[1]]]

    assert outcomes[1].history == outcomes[4].history
    assert outcomes[0].history[0] == outcomes[1].history[0]
    assert outcomes[0].history[0] != outcomes[2].history[0]


def test_black_pixels_stay_zero():
    pixels = scaled_only(PixelStatistics(mean=0.3, std=0.4, count=10))
    assert (pixels.mean, pixels.std) == (0.0, pytest.approx(0.5))


def test_everything_that_changes_the_outcome_changes_the_key(laboratory):
    other = {"permuted": {**SETTINGS, "ewc_strength": 11.0}}
    variants = ({}, {"fisher_images": 30}, {"settings": other}, {"replay_images": 50}, {"images_per_task": 70})
    keys = {
        learner.key for changes in variants for learner in learners(laboratory, methods=["ewc", "naive"], **changes)
    }
    laboratory.recipe = laboratory.recipe.with_values({"training.learning_rate": 0.02})
    keys |= {learner.key for learner in learners(laboratory, methods=["ewc", "naive"])}
    assert len(keys) == 6 * 2
    assert learners(laboratory)[0].key == learners(laboratory, seeds=2)[0].key


def test_growth_needs_a_perceptron_without_batch_norm(laboratory):
    laboratory.recipe = laboratory.recipe.with_values({"network.batch_norm": True})
    with pytest.raises(ValueError, match=r"needs network\.kind=mlp, network\.batch_norm=false"):
        learners(laboratory, methods=["growth"])
    learners(laboratory, methods=["growth_ewc"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"methods": ["ewc", "ewc"]}, "each one only once"),
        ({"scenarios": ["permuted", "permuted"]}, "each one only once"),
        ({"methods": ["luck"]}, "methods"),
    ],
)
def test_wrong_parameters_are_refused(changes, sentence):
    with pytest.raises(ValidationError, match=sentence):
        config(**changes)


def test_a_study_keeps_the_outcomes_of_the_series(laboratory):
    jobs, records = learners(laboratory, methods=["naive", "ewc"]), Records()

    ended = list(laboratory.study(records, workers=2).run(jobs))

    assert [outcome.state for _, outcome in ended] == ["finished", "finished"]
    assert all((record.epochs, record.ended) == ([1, 2], "finished") for record in records.all)
