"""Descriptions of the trainings of a study."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import configured
from mnist_growth.digits import Digits
from mnist_growth.studies import StudiesConfig, StudyData, share_machine
from mnist_growth.studies.team import worker_bytes
from mnist_growth.training import Machine


def test_the_key_depends_on_parameters_seed_and_digits_but_not_on_threads(laboratory):
    trial = laboratory.trial(rate=0.002, seed=0)
    other_digits = replace(trial.setup, fingerprint="cd" * 32)

    keys = {
        laboratory.trial(rate=0.002, seed=1).key,
        laboratory.trial(rate=0.003, seed=0).key,
        replace(trial, setup=other_digits).key,
    }
    assert len(keys | {trial.key}) == 4
    assert laboratory.trial(seed=0, rate=0.002).key == trial.key
    assert replace(trial, setup=replace(trial.setup, threads=2)).key == trial.key


def test_the_name_has_the_values(laboratory):
    assert laboratory.trial(rate=0.0012345, seed=3).name == "learning_rate=0.001234 seed=3"


def test_values_change_their_group_only(laboratory):
    changed = laboratory.recipe.with_values({"training.learning_rate_schedule.decay": 0.25, "growth.growth_rate": 32})

    assert changed.training.learning_rate_schedule.decay == 0.25
    assert changed.training.epochs == laboratory.recipe.training.epochs
    assert changed.growth.growth_rate == 32
    assert (changed.network, changed.warps) == (laboratory.recipe.network, laboratory.recipe.warps)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"training.learning_rat": 1}, "parameter 'training.learning_rat', .*; did you mean 'training.learning_rate'"),
        ({"training.learning_rate": 7}, "training.learning_rate=7; expected less than or equal to 1"),
        ({"training.learning_rate_schedule.floor": 0.9}, "'training.learning_rate_schedule.floor' is 0.9, more than"),
    ],
)
def test_a_wrong_value_is_refused(laboratory, values, sentence):
    with pytest.raises(ValueError, match=sentence):
        laboratory.recipe.with_values(values)


def test_mapped_images_are_handed_over_by_their_file(laboratory, tmp_path):
    digits = laboratory.data.train
    path = tmp_path / "images"
    path.write_bytes(b"head" + digits.images.tobytes())
    mapped = np.memmap(path, np.uint8, mode="r", offset=4, shape=digits.images.shape)
    fields = {name: value for name, value in digits.__dict__.items() if name != "images"}
    data = replace(laboratory.data, train=Digits(images=mapped, **fields))

    packed = pickle.dumps(data)
    copied = pickle.loads(packed)

    assert len(packed) < 1.5 * digits.images.nbytes  # those of the test digits, which are not mapped
    assert np.array_equal(copied.train.images, digits.images)
    assert isinstance(copied.train.images, np.memmap)
    assert copied.train.fingerprint == digits.fingerprint
    assert isinstance(copied, StudyData)


def share(laboratory, workers, trainings=100, fraction=0.5, threads=4):
    largest = laboratory.trial(seed=0).setup
    return share_machine(Machine("cpu", threads, fraction), StudiesConfig(workers=workers), largest, trainings)


def test_workers_share_threads_and_memory(laboratory, monkeypatch):
    monkeypatch.setattr("mnist_growth.studies.team.available_processors", lambda: 4)

    assert share(laboratory, 2) == (2, Machine("cpu", 2, 0.25))
    assert share(laboratory, None) == (4, Machine("cpu", 1, 0.125))
    assert share(laboratory, None, trainings=3) == (3, Machine("cpu", 1, 0.5 / 3))


def test_more_workers_than_memory_allows_are_refused(laboratory, monkeypatch):
    needed = worker_bytes(laboratory.trial(seed=0).setup)
    monkeypatch.setattr("mnist_growth.machine.budget.memory_limit_bytes", lambda: 5 * needed)

    with pytest.raises(
        ValueError, match="'studies.workers' is 3, but .* GB of memory .*; set studies.workers=2 or less"
    ):
        share(laboratory, 3)
    assert share(laboratory, None)[0] == 2


def test_a_larger_network_needs_more_memory(laboratory):
    small, large = (
        replace(laboratory.trial(seed=0).setup, growth=configured.growth(initial_neurons=n, max_neurons=n))
        for n in (8, 4096)
    )

    assert worker_bytes(large) - worker_bytes(small) > 1.3 * 20 * 784 * 4000
