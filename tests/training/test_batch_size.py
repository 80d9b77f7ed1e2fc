"""The batch grows by steps or by the noise of the gradient, and a resumed training grows it in the same way."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from interrupted_training import InterruptingStore, StopHereError, finish
from pydantic import ValidationError
from torch.nn.utils import parameters_to_vector

import configured
from mnist_growth.learning import objective_for
from mnist_growth.network import load_tensors
from mnist_growth.training import CheckpointStore, NoCheckpoints
from mnist_growth.training import batch_size as module
from mnist_growth.training.batch_size import NOISE_BATCHES, batch_size_of_epoch, noise_scale


def scheduled(schedule="noise_scale", **changes):
    return {"batch_size": 10, "batch_size_schedule": {"schedule": schedule, **changes}}


def test_the_noise_scale_is_that_of_the_gradients_of_single_batches(make_training):
    training = make_training(training=scheduled(), warps={"enabled": False})
    state = training.begin(torch.float64)
    before = copy.deepcopy(state.network.state_dict())
    found = noise_scale(state, training.data, training.setup, objective_for)

    order = training.data.train[torch.randperm(180, generator=torch.Generator().manual_seed(0))]
    gradients = []
    for batch in order[: 10 * NOISE_BATCHES].split(10):
        images, labels = training.data.batch(batch, state.device)
        gradients.append(parameters_to_vector(_gradient(state.network, images, labels)))
    products = torch.stack(gradients) @ torch.stack(gradients).T
    others = ~torch.eye(NOISE_BATCHES, dtype=torch.bool)
    signal = products[others].mean()  # of different batches: |G|^2 without bias
    assert found == pytest.approx(float(10 * (products.diagonal().mean() - signal) / signal), rel=1e-9)
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.network.state_dict().items())


def _gradient(network, images, labels):
    twin = copy.deepcopy(network)
    F.cross_entropy(twin(images), labels).backward()
    return [parameter.grad for parameter in twin.parameters()]


def test_the_batch_grows_by_steps(make_training, recorder):
    steps = [{"epoch": 1, "batch_size": 30}, {"epoch": 3, "batch_size": 45}]
    training = make_training(training={**scheduled("steps", steps=steps), "epochs": 4})
    state = finish(training, NoCheckpoints(), recorder)
    assert [record.batch_size for record in state.records] == [10, 30, 30, 45]
    assert [record.micro_batch_size for record in state.records] == [10, 30, 30, 45]
    assert state.updates == 18 + 6 + 6 + 4
    shown = [call[1] for call in recorder.calls if call[0] == "batch"]
    assert shown == [*range(1, 19), *[3 * batch for batch in range(1, 7)] * 2, 4, 9, 13, 18]


@pytest.mark.parametrize(("scale", "expected"), [(199.0, 10), (200.0, 20), (math.inf, 20)])
def test_the_batch_doubles_if_the_gradient_is_noisy(make_training, recorder, monkeypatch, scale, expected):
    training = make_training(training={**scheduled(noise_share=0.1, max_batch_size=20), "epochs": 3})
    monkeypatch.setattr(module, "noise_scale", lambda *_arguments: scale)
    state = finish(training, NoCheckpoints(), recorder)
    assert [record.batch_size for record in state.records] == [10, expected, expected]
    assert batch_size_of_epoch(state, training.data, training.setup, objective_for) == expected


@pytest.mark.parametrize("after", [3, 6, 7, 10])
def test_a_resumed_training_equals_the_uninterrupted_one(make_training, recorder, tmp_path, after):
    training = make_training(
        training={
            **scheduled(noise_share=100, max_batch_size=160),
            "batch_size": 40,
            "checkpoint_seconds": 1e-9,
        }
    )
    whole = finish(training, CheckpointStore(tmp_path / "whole"), recorder)
    assert [record.batch_size for record in whole.records] == [40, 80, 160]
    with pytest.raises(StopHereError):
        finish(training, InterruptingStore(tmp_path / "first", after), recorder)
    checkpoint = CheckpointStore(tmp_path / "second", earlier=tmp_path / "first").latest()
    resumed = checkpoint.restore(torch.device("cpu"))
    finish(training, CheckpointStore(tmp_path / "second"), recorder, resumed)
    expected, found = (
        load_tensors(sorted(folder.glob("update-*.safetensors"))[-1], "checkpoint")[0]
        for folder in (tmp_path / "whole", tmp_path / "second")
    )
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert [record.batch_size for record in resumed.records] == [40, 80, 160]


def test_the_average_covers_as_many_images_with_larger_batches(make_training, recorder, monkeypatch):
    spans = []
    monkeypatch.setattr("mnist_growth.training.step.kept_share", lambda *arguments: arguments[-1])
    monkeypatch.setattr("mnist_growth.training.step.update_average", lambda *arguments: spans.append(arguments[-1]))
    steps = [{"epoch": 1, "batch_size": 45}]
    finish(make_training(training={**scheduled("steps", steps=steps), "epochs": 2}), NoCheckpoints(), recorder)
    assert spans == [8, 8, 2, 18.0]


def test_steps_in_the_wrong_order_are_refused():
    steps = [{"epoch": 3, "batch_size": 64}, {"epoch": 3, "batch_size": 128}]
    with pytest.raises(ValidationError, match="has the epochs 3, 3; expected each to be larger"):
        configured.training(batch_size_schedule={"schedule": "steps", "steps": steps})
