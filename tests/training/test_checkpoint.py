import json

import pytest
import torch

from mnist_growth.network import load_tensors, save_tensors
from mnist_growth.training import CheckpointStore, train


class StopHereError(Exception):
    pass


class InterruptingStore(CheckpointStore):
    """Saves, and stops the training after a number of checkpoints."""

    def __init__(self, folder, after):
        super().__init__(folder)
        self.left = after

    def save(self, state, setup):
        super().save(state, setup)
        self.left -= 1
        if self.left == 0:
            raise StopHereError


def finish(training, store, recorder, state=None):
    state = state or training.begin()
    train(state, training.data, training.setup, store, recorder, training.budget)
    return state


def contents(state, folder, setup):
    CheckpointStore(folder).save(state, setup)
    return load_tensors(next(folder.glob("*.safetensors")), "checkpoint")


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("after", range(1, 13))
def test_a_resumed_training_equals_the_uninterrupted_one_bit_for_bit(
    make_training, recorder, tmp_path, after, batch_norm
):
    """Whichever of its checkpoints it goes on from: within an epoch, at its end, right after a growth."""
    training = make_training(training={"checkpoint_seconds": 1e-9}, network={"batch_norm": batch_norm})
    uninterrupted = finish(training, CheckpointStore(tmp_path / "whole"), recorder)
    with pytest.raises(StopHereError):
        finish(training, InterruptingStore(tmp_path / "first", after), recorder)
    checkpoint = CheckpointStore(tmp_path / "second", earlier=tmp_path / "first").latest()
    training.setup.check_continues(checkpoint.header["setup"])
    resumed = checkpoint.restore(torch.device("cpu"))
    assert resumed.run_id == checkpoint.run_id == "run-1"
    finish(training, CheckpointStore(tmp_path / "second"), recorder, resumed)
    expected, expected_header = contents(uninterrupted, tmp_path / "a", training.setup)
    found, found_header = contents(resumed, tmp_path / "b", training.setup)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    for header in (expected_header, found_header):
        header["records"] = [
            {k: v for k, v in record.items() if k not in ("seconds", "images_per_second") and "bytes" not in k}
            for record in header["records"]
        ]
    assert expected_header == found_header


def test_only_the_newest_checkpoints_stay(make_training, recorder, tmp_path):
    training = make_training(training={"checkpoint_seconds": 1e-9})
    finish(training, CheckpointStore(tmp_path, keep=2), recorder)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "update-000000012-epochs-00002.safetensors",
        "update-000000012-epochs-00003.safetensors",
    ]


def test_a_damaged_newest_checkpoint_is_passed_over_with_a_warning(make_training, recorder, tmp_path, caplog):
    training = make_training(training={"checkpoint_seconds": 1e-9})
    finish(training, CheckpointStore(tmp_path), recorder)
    older, newest = sorted(tmp_path.iterdir())
    newest.write_bytes(newest.read_bytes()[:-100])
    assert CheckpointStore(tmp_path / "new", earlier=tmp_path).latest().path == older
    assert "is damaged" in caplog.text
    assert "the checkpoint before it is taken" in caplog.text


def test_no_readable_checkpoint_is_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="no readable checkpoint in .*: start a training"):
        CheckpointStore(tmp_path / "new", earlier=tmp_path).latest()
    with pytest.raises(FileNotFoundError, match="no readable checkpoint"):
        CheckpointStore(tmp_path / "new").latest()


def test_a_checkpoint_whose_header_does_not_fit_is_refused(make_training, tmp_path):
    training = make_training()
    CheckpointStore(tmp_path).save(training.begin(), training.setup)
    path = next(tmp_path.iterdir())
    tensors, header = load_tensors(path, "checkpoint")
    save_tensors(path, "checkpoint", tensors, {**header, "widths": [6, 7]})
    checkpoint = CheckpointStore(tmp_path / "new", earlier=tmp_path).latest()
    with pytest.raises(ValueError, match="does not hold a whole training"):
        checkpoint.restore(torch.device("cpu"))


def test_a_setup_that_differs_is_refused_by_name_and_some_may_change(make_training):
    earlier = json.loads(json.dumps(make_training().setup.to_dict()))
    make_training(training={"epochs": 9, "micro_batch_size": 4, "checkpoint_seconds": 5}).setup.check_continues(earlier)
    different = make_training(training={"batch_size": 20, "seed": 3}, growth={"growth_rate": 1}).setup
    with pytest.raises(ValueError, match="another training") as refusal:
        different.check_continues(earlier)
    for part in ("training.batch_size was 40 and is 20", "training.seed was 0 and is 3", "growth.growth_rate was 3"):
        assert part in str(refusal.value)


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
