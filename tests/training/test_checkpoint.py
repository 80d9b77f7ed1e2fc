import contextlib
import json
from dataclasses import replace

import pytest
import torch

from mnist_growth.network import load_tensors, save_tensors, score
from mnist_growth.training import Checkpoint, CheckpointStore, LearningRateConfig, train


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
    return load_tensors(next(folder.glob("update-*.safetensors")), "checkpoint")


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("after", range(1, 13))
def test_a_resumed_training_equals_the_uninterrupted_one_bit_for_bit(
    make_training, recorder, tmp_path, after, batch_norm
):
    """Whichever of its checkpoints it goes on from: within an epoch, at its end, right before a growth."""
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


def test_only_the_newest_checkpoints_and_the_best_stay(make_training, recorder, tmp_path):
    training = make_training(training={"checkpoint_seconds": 1e-9})
    finish(training, CheckpointStore(tmp_path, keep=2), recorder)
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


def overlapping(header):
    """Blocks of the optimizer's state that cover one half of a bias twice and the other not at all."""
    return {**header, "extents": {**header["extents"], "output.bias": [[[0, 5]], [[0, 5]]]}}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda header: {**header, "widths": [10**9, 10**9]}, r"hidden.0.linear.weight is torch.float32 \[6, 784\]"),
        (lambda header: {**header, "widths": [10**18, 10**18]}, "no network is as wide as"),
        (lambda header: {**header, "widths": [6] * 1000}, "too few for 1000 hidden layers"),
        (lambda header: {**header, "widths": "6"}, "widths: input should be a valid"),
        (lambda header: {**header, "epochs_done": 1}, "1 epochs are done, but the history"),
        (lambda header: {**header, "batches": 7, "updates": 8}, "7 batches are done of an epoch of 0 images"),
        (lambda header: {**header, "events": [{}]}, "events.0.epoch: field required"),
        (lambda header: {name: value for name, value in header.items() if name != "setup"}, "setup: field required"),
        (overlapping, "does not have every entry of output.bias once"),
    ],
)
def test_a_header_that_does_not_fit_is_refused_with_a_sentence(make_training, tmp_path, change, sentence):
    training = make_training()
    CheckpointStore(tmp_path).save(training.begin(), training.setup)
    path = next(tmp_path.iterdir())
    tensors, header = load_tensors(path, "checkpoint")
    save_tensors(path, "checkpoint", tensors, change(header))
    with pytest.raises(ValueError, match=f"does not hold a whole training .*{sentence}") as refusal:
        Checkpoint.read(path).restore(torch.device("cpu"))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "tensor", "sentence"),
    [
        (
            "optimizer.output.bias.0.second_moment",
            torch.zeros(9),
            r"second_moment is torch.float32 \[9\]; expected",
        ),
        ("optimizer.output.bias.0.first_moment", torch.zeros(10).double(), "first_moment is torch.float64"),
        ("optimizer.output.bias.0.age", torch.zeros(2), r"age is torch.float32 \[2\]"),
        ("average.output.bias", torch.zeros(9), r"output.bias is torch.float32 \[9\]"),
        ("order", torch.tensor([-1]), "the order of the images"),
        ("loss_sum", torch.zeros(2), "not two numbers"),
        ("data_generator", torch.zeros(9), "data_generator is torch.float32"),
        ("surplus", torch.zeros(9), "beside networks and optimizer it holds"),
    ],
)
def test_tensors_that_do_not_fit_are_refused_before_the_optimizer_reads_them(
    make_training, tmp_path, name, tensor, sentence
):
    """The kernel of the optimizer does not look at shapes: a moment that is too short made it read foreign memory."""
    training = make_training()
    CheckpointStore(tmp_path).save(training.begin(), training.setup)
    path = next(tmp_path.iterdir())
    tensors, header = load_tensors(path, "checkpoint")
    save_tensors(path, "checkpoint", {**tensors, name: tensor}, header)
    with pytest.raises(ValueError, match=f"does not hold a whole training .*{sentence}"):
        Checkpoint.read(path).restore(torch.device("cpu"))


def test_the_best_is_the_state_after_the_epoch_with_the_lowest_validation_loss(make_training, recorder, tmp_path):
    """A learning rate that rises until it is far too high makes an early epoch the best one."""
    schedule = LearningRateConfig(warmup_epochs=4)
    changes = {"epochs": 4, "learning_rate": 1.0, "learning_rate_schedule": schedule, "ema_decay": 0.0}
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
