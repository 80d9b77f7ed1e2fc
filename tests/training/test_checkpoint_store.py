import contextlib
from dataclasses import replace

import pytest
import torch
from interrupted_training import InterruptingStore, StopHereError, finish

from mnist_growth.network import load_tensors, score
from mnist_growth.training import Checkpoint, CheckpointStore


def test_only_the_newest_checkpoints_and_the_best_stay(make_training, recorder, tmp_path):
    training = make_training(training={"checkpoint_seconds": 1e-9})
    finish(training, CheckpointStore(tmp_path, newest=2), recorder)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "best.safetensors",
        "update-000000012-epochs-00002.safetensors",
        "update-000000012-epochs-00003.safetensors",
    ]


def test_a_damaged_newest_checkpoint_is_passed_over_with_a_warning(make_training, recorder, tmp_path, caplog):
    training = make_training(training={"checkpoint_seconds": 1e-9})
    finish(training, CheckpointStore(tmp_path), recorder)
    older, newest = sorted(tmp_path.glob("update-*"))
    newest.write_bytes(newest.read_bytes()[:-100])
    assert CheckpointStore(tmp_path / "new", earlier=tmp_path).latest().path == older
    assert "is damaged" in caplog.text
    assert "continuing with the checkpoint before it" in caplog.text


def test_no_readable_checkpoint_is_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no readable checkpoint in .*: start a training"):
        CheckpointStore(tmp_path / "new", earlier=tmp_path).latest()
    with pytest.raises(FileNotFoundError, match="no readable checkpoint"):
        CheckpointStore(tmp_path / "new").latest()


def test_the_best_is_the_state_after_the_epoch_with_the_lowest_validation_loss(make_training, recorder, tmp_path):
    """A learning rate that rises until it is far too high makes an early epoch the best one."""
    changes = {"epochs": 4, "learning_rate": 1.0, "learning_rate_schedule": {"warmup_epochs": 4}, "ema_decay": 0.0}
    training = make_training(training=changes)
    state = finish(training, CheckpointStore(tmp_path), recorder)
    losses = [record.validation_loss for record in state.records]
    best_epoch = losses.index(min(losses)) + 1
    assert best_epoch < 4
    best = CheckpointStore(tmp_path / "new", earlier=tmp_path).best()
    restored = best.restore(torch.device("cpu"))
    assert restored.epochs_done == best_epoch
    assert len(restored.progress.order) == 0
    images, labels, validation = training.data.images, training.data.labels, training.data.validation
    assert score(restored.average, images, labels, validation).loss == pytest.approx(min(losses))


@pytest.mark.parametrize("after", range(2, 20, 3))
def test_the_best_of_a_resumed_training_is_that_of_the_uninterrupted_one(make_training, recorder, tmp_path, after):
    training = make_training(training={"checkpoint_seconds": 1e-9, "learning_rate": 0.5, "ema_decay": 0.0})
    finish(training, CheckpointStore(tmp_path / "whole"), recorder)
    with contextlib.suppress(StopHereError):
        finish(training, InterruptingStore(tmp_path / "first", after), recorder)
    store = CheckpointStore(tmp_path / "second", earlier=tmp_path / "first")
    finish(training, store, recorder, store.latest().restore(torch.device("cpu")))
    whole, resumed = (Checkpoint.read(tmp_path / name / "best.safetensors") for name in ("whole", "second"))
    assert whole.header["updates"] == resumed.header["updates"]
    assert whole.tensors.keys() == resumed.tensors.keys()
    assert all(torch.equal(whole.tensors[name], resumed.tensors[name]) for name in whole.tensors)


def test_a_better_epoch_is_copied_into_the_memory_of_the_one_before(make_training, recorder, tmp_path):
    """A second copy beside the first would be as large as the whole training."""
    training = make_training(training={"epochs": 1})
    state = finish(training, CheckpointStore(tmp_path / "other"), recorder)
    store = CheckpointStore(tmp_path)
    store.note_epoch(state, training.setup)
    first = {name: tensor.data_ptr() for name, tensor in store._best[0].items()}
    state.records.append(replace(state.records[-1], epoch=2, validation_loss=state.records[-1].validation_loss / 2))
    state.epochs_done += 1
    with torch.no_grad():
        state.network.output.weight.add_(1)
    store.note_epoch(state, training.setup)
    assert {name: tensor.data_ptr() for name, tensor in store._best[0].items()} == first
    store.save(state, training.setup)
    assert torch.equal(store.best().tensors["network.output.weight"], state.network.output.weight)


def test_without_a_finished_epoch_there_is_no_best(make_training, tmp_path):
    training = make_training()
    store = CheckpointStore(tmp_path)
    store.save(training.begin(), training.setup)
    with pytest.raises(FileNotFoundError, match="written with the first checkpoint after an epoch"):
        store.best()


def test_a_checkpoint_that_vanishes_or_cannot_be_read_is_passed_over(make_training, tmp_path, caplog, monkeypatch):
    """As happens when the training that is gone on from still runs, or the disk has a bad block."""
    training = make_training()
    store = CheckpointStore(tmp_path)
    state = training.begin()
    store.save(state, training.setup)
    state.updates += 1
    store.save(state, training.setup)
    older, newest = sorted(tmp_path.iterdir())

    def load(path, kind):
        if path == newest:
            raise OSError(5, "Input/output error", str(path))
        return load_tensors(path, kind)

    monkeypatch.setattr("mnist_growth.training.checkpoint.load_tensors", load)
    assert CheckpointStore(tmp_path / "new", earlier=tmp_path).latest().path == older
    assert "Input/output error" in caplog.text


def test_a_failed_write_leaves_earlier_checkpoints_readable(make_training, recorder, tmp_path, monkeypatch):
    training = make_training()
    store = CheckpointStore(tmp_path)
    state = training.begin()
    store.save(state, training.setup)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mnist_growth.machine.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        finish(training, store, recorder, state)
    assert len(list(tmp_path.iterdir())) == 1
    assert CheckpointStore(tmp_path / "new", earlier=tmp_path).latest().header["epochs_done"] == 0
