"""Methods of few-shot learning on small images, and what they show."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import configured
from mnist_growth.studies import worker
from mnist_growth.studies.meta import define_few_shot_learning
from mnist_growth.studies.meta_config import METHODS
from mnist_growth.studies.meta_results import few_shot_means, few_shot_table
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.tasks import TaskSampler
from mnist_growth.training import Machine

MACHINE = Machine("cpu", 1, 0.5)
ADAPT = {"steps": 2, "rate": 0.1}
SMALL = {
    "recipe": {},
    "ways": 2,
    "shots": [1, 2],
    "queries": 2,
    "tasks": 3,
    "seeds": 1,
    "quarter_turns": [0, 1],
    "scratch": ADAPT,
    "linear": ADAPT,
    "reptile": {"updates": 2, "tasks_per_update": 2, "shots": 2, "train": ADAPT, "adapt": ADAPT},
    "maml": {"updates": 2, "tasks_per_update": 2, "train": ADAPT, "adapt": ADAPT},
}


def learners(laboratory, **changes):
    return define_few_shot_learning(configured.meta(**SMALL | changes), laboratory.recipe, laboratory.data)


def run(learner, data):
    rows = []
    outcome = learner.run(data, MACHINE, lambda row: bool(rows.append(row)))
    assert rows == outcome.history
    return outcome


@pytest.mark.parametrize("method", METHODS)
def test_each_method_is_tested_with_each_number_of_shots_and_repeats_bit_for_bit(laboratory, method):
    [learner] = learners(laboratory, methods=[method])

    first, second = run(learner, laboratory.data), run(learner, laboratory.data)

    assert [(row["epoch"], row["shots"], row["tasks"]) for row in first.history] == [(1, 1, 3), (2, 2, 3)]
    assert (first.state, first.is_final, first.test_accuracy) == ("finished", True, None)
    assert first.history == second.history
    assert first.forward_multiply_adds == 784 * 8 + 8 * 2


def test_all_methods_are_tested_by_the_same_tasks_and_seeds_by_others(laboratory, monkeypatch):
    drawn = []
    original = TaskSampler.sample
    monkeypatch.setattr(TaskSampler, "sample", lambda *arguments: drawn.append(original(*arguments)) or drawn[-1])
    jobs = learners(laboratory, methods=["scratch", "centroids", "maml"], shots=[2], seeds=2)

    for job in (jobs[0], jobs[1], jobs[2], jobs[3]):
        run(job, laboratory.data)

    scratch, centroids, maml, other_seed = drawn[0], drawn[1], drawn[4], drawn[5]
    for name in ("support", "queries"):
        assert getattr(scratch, name).equal(getattr(centroids, name))
        assert getattr(scratch, name).equal(getattr(maml, name))
        assert not getattr(scratch, name).equal(getattr(other_seed, name))


@pytest.mark.parametrize("new", ["test", "validation"])
def test_base_and_new_classes_have_digits_of_their_own(laboratory, new):
    data = laboratory.data
    test = replace(data.test, images=255 - data.test.images)
    [job] = learners(laboratory, methods=["maml"], new_classes=new, quarter_turns=[0])

    training, found = job._training(data, MACHINE), job._new_digits(replace(data, test=test))

    def rows(digits, part, classes):
        return digits.images[part][np.isin(digits.labels[part], classes)]

    images, split, everything = training.digits.images, data.split, np.arange(len(test))
    assert np.array_equal(images[training.split.train], rows(data.train, split.train, job.classes.base))
    assert np.array_equal(images[training.split.validation], rows(data.train, split.validation, job.classes.base))
    tested = rows(test, everything, job.classes.new)
    checked = rows(data.train, split.validation, job.classes.new)
    assert np.array_equal(found.images, tested if new == "test" else checked)


def test_meta_training_that_diverges_is_a_failure_in_one_sentence(laboratory):
    steep = {"steps": 2, "rate": 1e30}
    for method, group in (("maml", SMALL["maml"]), ("reptile", SMALL["reptile"])):
        [job] = learners(laboratory, methods=[method], **{method: group | {"train": steep}})

        outcome = worker._outcome(job, laboratory.data, MACHINE, lambda _: False)

        assert (outcome.state, outcome.history) == ("failed", [])
        assert "Meta-training diverged at update" in outcome.reason


def test_reptile_draws_other_images_in_every_step(laboratory, monkeypatch):
    [job] = learners(laboratory, methods=["reptile"], quarter_turns=[0])
    seen = []

    def remember(_module, start, batches, labels, _rate):
        seen.append((batches, labels))
        return start

    monkeypatch.setattr("mnist_growth.studies.meta_training.reptile_direction", remember)
    training = job._training(laboratory.data, MACHINE)

    training.reptile(training.network())

    batches, labels = seen[0]
    assert batches.shape == (2, 2, 4, 28, 28)  # tasks, steps, images
    assert labels.tolist() == [0, 0, 1, 1]
    for task in batches:
        assert len({image.numpy().tobytes() for image in task.flatten(0, 1)}) == 8
        bars = task.float().mean((3,)).argmax(2)  # row of the bar, which the class decides
        assert ((bars[:, :2].amax(1) - bars[:, :2].amin(1)) <= 1).all()
        assert (bars[0, ::2] - bars[1, ::2]).abs().max() <= 1


def test_a_method_has_a_key_of_what_it_depends_on(laboratory):
    def keys(**changes):
        return {job.method: job.key for job in learners(laboratory, **changes)}

    before = keys()
    assert len(set(before.values())) == len(METHODS)
    after = keys(reptile=SMALL["reptile"] | {"updates": 3})
    assert {method for method in METHODS if after[method] != before[method]} == {"reptile"}
    after = keys(maml=SMALL["maml"] | {"updates": 3})
    assert {method for method in METHODS if after[method] != before[method]} == {"maml", "maml_first_order"}
    assert keys(seeds=1, methods=["maml"])["maml"] == before["maml"]
    for change in ({"tasks": 4}, {"queries": 3}, {"new_classes": "validation"}, {"quarter_turns": [0]}):
        assert not set(keys(**change).values()) & set(before.values())


def test_the_table_has_the_new_classes_and_the_means_have_intervals_over_seeds(laboratory):
    jobs = learners(laboratory, methods=["maml", "scratch"], seeds=2)

    def outcome(accuracy):
        row = {"accuracy": accuracy, "accuracy_low": accuracy - 0.1, "accuracy_high": accuracy + 0.1, "tasks": 3}
        return Outcome(state="finished", history=[{"epoch": 1, "shots": 1, **row}])

    ended = [*zip(jobs, map(outcome, (0.5, 0.4, 0.7, 0.8)), strict=True), (jobs[0], Outcome(state="failed"))]
    names = tuple("abcdefghij")
    table = few_shot_table(ended, names)
    means = few_shot_means(table, jobs[0].config)

    assert table[["method", "seed", "accuracy", "classes"]].to_numpy().tolist() == [
        ["maml", 0, 0.5, "a b"],
        ["maml", 1, 0.7, "c d"],
        ["scratch", 0, 0.4, "a b"],
        ["scratch", 1, 0.8, "c d"],
    ]
    assert means[["method", "shots", "seeds", "tasks"]].to_numpy().tolist() == [["maml", 1, 2, 6], ["scratch", 1, 2, 6]]
    assert means["accuracy"].tolist() == pytest.approx([0.6, 0.6])
    # Student's t of one degree of freedom, 12.706, times the standard error of two values, half of their difference
    assert means["accuracy_high"].tolist() == pytest.approx([0.6 + 12.7062 * 0.1, 0.6 + 12.7062 * 0.2], rel=1e-5)
    assert means["deviation"].tolist() == pytest.approx(pd.Series([0.2, 0.4]).div(2**0.5).tolist())
