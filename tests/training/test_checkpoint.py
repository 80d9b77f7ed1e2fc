import json

import pytest
import torch
from interrupted_training import InterruptingStore, StopHereError, finish

from mnist_growth.network import load_tensors, save_tensors
from mnist_growth.training import Checkpoint, CheckpointStore


def contents(state, folder, setup):
    CheckpointStore(folder).save(state, setup)
    return load_tensors(next(folder.glob("update-*.safetensors")), "checkpoint")


@pytest.mark.parametrize(("batch_norm", "epsilon"), [(True, 0.0), (False, 0.0), (True, 0.1)])
@pytest.mark.parametrize("after", range(1, 13))
def test_a_resumed_training_equals_the_uninterrupted_one_bit_for_bit(
    make_training, recorder, tmp_path, after, batch_norm, epsilon
):
    """From each of its checkpoints: within an epoch, at its end, right before a growth."""
    adversarial = {"epsilon": epsilon, "clean_share": 0.2}
    training = make_training(
        training={"checkpoint_seconds": 1e-9, "adversarial": adversarial}, network={"batch_norm": batch_norm}
    )
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


def test_the_same_state_is_saved_as_the_same_bytes(make_training, tmp_path):
    training = make_training()
    state = training.begin()
    paths = [tmp_path / f"{number}" for number in range(5)]
    for path in paths:
        CheckpointStore(path).save(state, training.setup)

    assert len({next(path.iterdir()).read_bytes() for path in paths}) == 1


def test_a_checkpoint_whose_header_does_not_fit_is_refused(make_training, tmp_path):
    training = make_training()
    CheckpointStore(tmp_path).save(training.begin(), training.setup)
    path = next(tmp_path.iterdir())
    tensors, header = load_tensors(path, "checkpoint")
    save_tensors(path, "checkpoint", tensors, {**header, "spec": {**header["spec"], "hidden_widths": [6, 7]}})
    checkpoint = CheckpointStore(tmp_path / "new", earlier=tmp_path).latest()
    with pytest.raises(ValueError, match="is not a complete training"):
        checkpoint.restore(torch.device("cpu"))


def overlapping(header):
    """Blocks of the optimizer's state that cover one half of a bias twice and the other not at all."""
    return {**header, "extents": {**header["extents"], "output.bias": [[[0, 5]], [[0, 5]]]}}


def with_widths(header, widths):
    return {**header, "spec": {**header["spec"], "hidden_widths": widths}}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda header: with_widths(header, [2**16, 2**16]), r"hidden.0.linear.weight is torch.float32 \[6, 784\]"),
        (lambda header: with_widths(header, [10**18, 10**18]), "spec.hidden_widths.0: input should be less than"),
        (lambda header: with_widths(header, [6] * 1000), "too few for 1000 groups of units"),
        (lambda header: with_widths(header, "6"), "spec.hidden_widths: input should be a valid"),
        (lambda header: {**header, "epochs_done": 1}, "1 epochs are done, but the history"),
        (lambda header: {**header, "batches": 7, "updates": 8}, "7 batches are completed of an epoch of 0 images"),
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
    with pytest.raises(ValueError, match=f"is not a complete training .*{sentence}") as refusal:
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
        ("surplus", torch.zeros(9), "besides networks and optimizer it contains"),
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
    with pytest.raises(ValueError, match=f"is not a complete training .*{sentence}"):
        Checkpoint.read(path).restore(torch.device("cpu"))


def test_a_setup_that_differs_is_refused_by_name_and_some_may_change(make_training):
    earlier = json.loads(json.dumps(make_training().setup.to_dict()))
    make_training(training={"epochs": 9, "micro_batch_size": 4, "checkpoint_seconds": 5}).setup.check_continues(earlier)
    different = make_training(training={"batch_size": 20, "seed": 3}, growth={"growth_rate": 1}).setup
    with pytest.raises(ValueError, match="another training") as refusal:
        different.check_continues(earlier)
    for part in ("training.batch_size was 40 and is 20", "training.seed was 0 and is 3", "growth.growth_rate was 3"):
        assert part in str(refusal.value)


@pytest.mark.parametrize("missing", ["before", "now"])
def test_a_checkpoint_with_another_set_of_parameters_is_refused(make_training, missing):
    setup = make_training().setup
    earlier = setup.to_dict()
    if missing == "now":
        earlier["training"]["rate_of_old_versions"] = 3
    else:
        del earlier["training"]["label_smoothing"]

    with pytest.raises(ValueError, match="rate_of_old_versions" if missing == "now" else "label_smoothing"):
        setup.check_continues(earlier)
