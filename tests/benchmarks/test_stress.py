"""The stress tests: which cases they run, and when they stop."""

from collections import Counter

from benchmarks.common.paths import PROJECT
from benchmarks.common.training import define
from benchmarks.stress.fuzz_files import fuzz_files
from benchmarks.stress.fuzz_idx import fuzz_idx
from benchmarks.stress.moments import BATCHES, EPOCHS, GROWTHS, moments
from mnist_growth.configuration import load_parameters
from mnist_growth.digits import sample_digits
from mnist_growth.growth import scheduled_neurons
from mnist_growth.training import batches_per_epoch


def test_kills_are_of_every_kind_and_the_same_for_the_same_seed():
    chosen = moments(50, seed=0, before_first=5.0)
    assert Counter(moment.name for moment in chosen) == {
        "anywhere": 15,
        "writing": 20,
        "growth": 10,
        "start": 3,
        "end": 2,
    }
    assert chosen == moments(50, seed=0, before_first=5.0)
    assert chosen != moments(50, seed=1, before_first=5.0)


def test_the_moments_are_those_of_the_smoke_training():
    smoke = load_parameters(PROJECT / "conf", "smoke")
    setup, split = define(sample_digits().train, smoke)
    grown = [scheduled_neurons(epoch, setup.growth) for epoch in range(EPOCHS)]

    assert setup.training.epochs == EPOCHS
    assert batches_per_epoch(len(split.train), setup.training.batch_size) == BATCHES
    assert tuple(epoch for epoch in range(1, EPOCHS) if grown[epoch] > grown[epoch - 1]) == GROWTHS


def test_kills_come_while_the_training_runs():
    for moment in moments(50, seed=0, before_first=5.0):
        assert moment.update is None or 0 < moment.update < BATCHES * EPOCHS
        assert moment.update is not None or moment.seconds <= 5.0


def test_no_case_begins_after_the_deadline(tmp_path):
    for fuzz in (fuzz_idx, fuzz_files):
        folder = tmp_path / fuzz.__name__
        folder.mkdir()
        assert fuzz(folder, cases=3, seed=0, deadline=0).outcomes.total() == 0
