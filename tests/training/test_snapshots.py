import contextlib

import pytest
import torch
from interrupted_training import InterruptingStore, StopHereError, finish

from mnist_growth.network import tensors_sha256
from mnist_growth.training import CheckpointStore

NAMES = ["0", "1", "1-grown", "2", "2-grown", "3"]
"""Snapshots of a training of three epochs that grows after the first and the second."""


def store(folder, count, earlier=None, kind=CheckpointStore, **options):
    created = kind(folder, earlier=earlier, **options) if earlier else kind(folder, **options)
    created.keep_snapshots(count)
    return created


def names(snapshots):
    return [f"{snapshot.epoch}{'-grown' * snapshot.has_grown}" for snapshot in snapshots]


def digests(snapshots):
    return {name: snapshot.load().sha256 for name, snapshot in zip(names(snapshots), snapshots, strict=True)}


def test_they_are_the_averaged_networks_at_their_epochs(make_training, recorder, tmp_path):
    training = make_training()
    state = finish(training, store(tmp_path / "7", 3), recorder)
    kept = CheckpointStore(tmp_path / "8").snapshots("7")

    assert names(kept) == NAMES
    assert kept[-1].load().sha256 == tensors_sha256(state.average.state_dict())
    assert [snapshot.load().epochs for snapshot in kept] == [0, 1, 1, 2, 2, 3]
    widths = [snapshot.load().network.widths for snapshot in kept]
    assert widths[1] < widths[2] == widths[3] < widths[4] == widths[5]
    images, _ = training.data.batch(training.data.validation, torch.device("cpu"))
    for before, after in (kept[1:3], kept[3:5]):
        expected = before.load().network(images)
        assert torch.allclose(after.load().network(images), expected, rtol=1e-5, atol=1e-6)
    assert kept[0].load().fingerprint == training.setup.fingerprint


@pytest.mark.parametrize(
    ("count", "epochs", "expected"),
    [(0, 6, []), (1, 6, ["0", "6"]), (2, 6, ["0", "3", "6"]), (9, 3, ["0", "1", "2", "3"])],
)
def test_as_many_as_asked_for_are_spread_over_the_epochs(make_training, recorder, tmp_path, count, epochs, expected):
    training = make_training(training={"epochs": epochs}, growth={"max_neurons": 8, "initial_neurons": 8})
    finish(training, store(tmp_path / "7", count), recorder)
    assert names(CheckpointStore(tmp_path / "8").snapshots("7")) == expected


@pytest.mark.parametrize("after", range(2, 20, 3))
def test_a_resumed_training_has_those_of_the_uninterrupted_one(make_training, recorder, tmp_path, after):
    training = make_training(training={"checkpoint_seconds": 1e-9})
    finish(training, store(tmp_path / "whole", 3), recorder)
    interrupted = InterruptingStore(tmp_path / "first", after)
    interrupted.keep_snapshots(3)
    with contextlib.suppress(StopHereError):
        finish(training, interrupted, recorder)
    second = store(tmp_path / "second", 3, earlier=tmp_path / "first")
    finish(training, second, recorder, second.latest().restore(torch.device("cpu")))

    assert digests(second.snapshots("second")) == digests(second.snapshots("whole"))


def test_what_the_continued_training_did_after_the_checkpoint_is_not_copied(make_training, recorder, tmp_path):
    """The training may continue in another way, for instance with more epochs."""
    training = make_training()
    first = store(tmp_path / "first", 3)
    state = training.begin()
    first.save(state, training.setup)
    finish(training, first, recorder, state)
    checkpoint = CheckpointStore(tmp_path / "other", earlier=tmp_path / "first").latest()
    past = checkpoint.restore(torch.device("cpu"))
    past.epochs_done, past.events = 1, []
    second = store(tmp_path / "second", 3, earlier=tmp_path / "first")

    second.note_start(past, training.setup)

    assert names(second.snapshots("second")) == ["0", "1"]


def test_a_network_without_a_version_has_none(tmp_path):
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "epoch-00001.safetensors").touch()
    assert CheckpointStore(tmp_path / "new").snapshots("") == []
    assert CheckpointStore(tmp_path / "new").snapshots("missing") == []
