"""Small trainings of every kind of network: they grow, and a resumed one continues with the same bits."""

import pytest
import torch
from interrupted_training import InterruptingStore, StopHereError, finish

from mnist_growth.network.kinds import registered_kinds
from mnist_growth.training import CheckpointStore

SMALL = {
    "residual": {},
    "attention": {
        "attention": {"stream_width": 6, "head_width": 2, "neurons_per_head": 3, "blocks": 1, "patch_side": 14}
    },
    "capsules": {"capsules": {"primary_size": 3, "digit_size": 4}},
}
GROWTH = {"initial_neurons": 6, "growth_rate": 6, "max_neurons": 12}


def test_every_kind_that_autograd_trains_is_here():
    ours = {kind.name for kind in registered_kinds() if kind.config.__module__.startswith("mnist_growth.")}
    assert ours - {"mlp", "packed"} == SMALL.keys()


@pytest.mark.parametrize(
    ("kind", "loss"), [("residual", "cross_entropy"), ("attention", "cross_entropy"), ("capsules", "margin")]
)
def test_a_resumed_training_equals_the_uninterrupted_one_bit_for_bit(make_training, recorder, tmp_path, kind, loss):
    training = make_training(
        training={"checkpoint_seconds": 1e-9, "loss": loss}, network={"kind": kind, **SMALL[kind]}, growth=GROWTH
    )
    whole = finish(training, CheckpointStore(tmp_path / "whole"), recorder)
    with pytest.raises(StopHereError):
        finish(training, InterruptingStore(tmp_path / "first", after=8), recorder)
    checkpoint = CheckpointStore(tmp_path / "second", earlier=tmp_path / "first").latest()
    restored = checkpoint.restore(torch.device("cpu"))
    assert restored.progress.batches > 0
    resumed = finish(training, CheckpointStore(tmp_path / "second"), recorder, restored)
    assert resumed.network.widths == whole.network.widths
    assert len(whole.events) == 1
    for one, other in ((resumed.network, whole.network), (resumed.average, whole.average)):
        for name, tensor in other.state_dict().items():
            assert torch.equal(one.state_dict()[name], tensor), name


@pytest.mark.parametrize("kind", ["residual", "capsules"])
def test_the_group_with_the_largest_gain_grows(make_training, recorder, tmp_path, kind):
    growth = {**GROWTH, "max_neurons": 24, "where": "largest_gain", "operator": "gradient_directed"}
    training = make_training(
        training={"epochs": 2}, network={"kind": kind, **SMALL[kind]}, growth=growth, warps={"enabled": False}
    )
    state = finish(training, CheckpointStore(tmp_path), recorder)
    [event] = state.events
    assert event.largest_logit_change <= 1e-6 * event.largest_logit
    assert all(gain > 0 for gain in event.gradient_gains)
    assert 0 < len(event.layers) < len(state.network.widths)
