import logging
import shutil
from types import SimpleNamespace

import pytest

from mnist_growth.training import check_size
from mnist_growth.training.size import last_spec

BUDGET = SimpleNamespace(bytes=2_000_000_000)


@pytest.fixture(autouse=True)
def disk(monkeypatch):
    """A disk with a known number of free bytes."""
    free = SimpleNamespace(free=10_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    return free


def test_a_training_that_fits_is_accepted_without_a_word(make_training, tmp_path, caplog):
    check_size(make_training().setup, BUDGET, tmp_path / "checkpoints")
    assert caplog.records == []


def test_a_first_network_larger_than_the_memory_is_refused(make_training, tmp_path):
    """784 x 8,000 + 8,000 x 8,000 weights and more, five numbers of four bytes each."""
    setup = make_training(growth={"initial_neurons": 8000, "max_neurons": 8000}).setup
    with pytest.raises(ValueError, match=r"start \(8000-8000\) needs about 1\.4 GB of memory, .* allows 1\.3 GB; decr"):
        check_size(setup, SimpleNamespace(bytes=1_300_000_000), tmp_path)
    check_size(setup, BUDGET, tmp_path)


def test_checkpoints_larger_than_the_disk_are_refused(make_training, tmp_path, disk):
    setup = make_training(growth={"initial_neurons": 8000, "max_neurons": 8000}).setup
    disk.free = 4_000_000_000  # of 16 numbers of four bytes for each of 70 million weights
    with pytest.raises(ValueError, match=r"needs about 4\.5 GB for its checkpoints, but the disk has 4\.0 GB"):
        check_size(setup, BUDGET, tmp_path / "not" / "yet")


def test_growth_beyond_the_memory_is_announced(make_training, tmp_path, caplog):
    setup = make_training(growth={"growth_rate": 10_000, "max_neurons": 20_000}).setup
    with caplog.at_level(logging.WARNING):
        check_size(setup, BUDGET, tmp_path)
    assert caplog.messages == [
        "The network at the end (20000-20000) needs about 8.3 GB of memory, but memory.budget_fraction allows 2.0 GB: "
        "the training will stop before; decrease growth.max_neurons"
    ]


@pytest.mark.parametrize(
    ("growth", "widths"),
    [
        ({}, (10, 10)),  # 6, 9 and 10 in three epochs
        ({"growth_epochs": 2}, (9, 9)),
        ({"trigger": "plateau", "max_neurons": 50}, (50, 50)),
        ({"trigger": "plan", "plan": [{"epoch": 1, "neurons": [8, 9]}, {"epoch": 3, "neurons": 10}]}, (8, 9)),
    ],
)
def test_the_last_network_is_that_of_the_last_epoch(make_training, growth, widths):
    assert last_spec(make_training(growth=growth).setup).widths == widths
