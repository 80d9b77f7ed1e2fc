import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from mnist_growth.growth import widen_together, zero_fan_out
from mnist_growth.inspection import unit_cohorts
from mnist_growth.network import GrowingMLP, predict_logits

IMAGES = np.random.default_rng(3).integers(0, 256, (40, 28, 28), dtype=np.uint8)
LABELS = np.arange(40) % 10
EVENTS = pd.DataFrame({"epoch": [3], "layer": [1], "width_before": [6], "width_after": [9]})


@pytest.fixture(params=[True, False], ids=["batch norm", "bias"])
def network(request) -> GrowingMLP:
    """Of 6-5 units, of which the first layer has just grown to 9."""
    generator = torch.Generator().manual_seed(1)
    small = GrowingMLP((6, 5), batch_norm=request.param, generator=generator).eval()
    [grown], _ = widen_together([small], [3, 0], zero_fan_out, generator)
    return grown


def test_new_units_that_do_not_speak_yet_are_worth_nothing(network):
    cohorts = unit_cohorts(network, EVENTS, IMAGES, LABELS, epochs=5)

    new = cohorts[cohorts["born_epoch"] == 3].iloc[0]
    assert cohorts[["layer", "born_epoch", "age_epochs", "units"]].to_numpy().tolist() == [
        [1, 1, 5, 6],
        [1, 3, 3, 3],
        [2, 1, 5, 5],
    ]
    assert new["fan_out_norm"] == 0
    assert new["loss_increase"] == pytest.approx(0, abs=1e-6)
    assert new["variance"] > 0
    assert new["fan_in_norm"] > 0


@torch.no_grad()
def test_units_that_are_silenced_are_missed_by_the_loss(network):
    cohorts = unit_cohorts(network, EVENTS, IMAGES, LABELS, epochs=5)

    outputs = network.hidden[0]((torch.from_numpy(IMAGES).reshape(40, -1) / 255 - 0.1307) / 0.3081)
    outputs[:, :6] = outputs[:, :6].mean(dim=0)
    silenced = F.cross_entropy(network.output(network.hidden[1](outputs)), torch.from_numpy(LABELS))
    whole = F.cross_entropy(torch.from_numpy(predict_logits(network, IMAGES)), torch.from_numpy(LABELS))
    assert cohorts["loss_increase"][0] == pytest.approx(float(silenced - whole), abs=1e-5)
    assert cohorts["loss_increase_per_unit"][0] == pytest.approx(float(silenced - whole) / 6, abs=1e-5)


def test_a_unit_that_is_never_active_is_dead(network):
    with torch.no_grad():
        layer = network.hidden[1]
        (layer.norm if network.batch_norm else layer.linear).bias[2] = -1e6

    cohorts = unit_cohorts(network, EVENTS, IMAGES, LABELS, epochs=5)

    assert cohorts["dead_units"][2] >= 1


def test_a_network_is_left_as_it_was(network):
    network.train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    unit_cohorts(network, EVENTS, IMAGES, LABELS, epochs=5)

    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert not network.hidden[0]._forward_hooks


def test_a_network_that_never_grew_has_one_row_for_each_layer(network):
    cohorts = unit_cohorts(network, EVENTS.head(0), IMAGES, LABELS, epochs=5)

    assert cohorts["units"].tolist() == [9, 5]


def test_growth_events_of_another_network_are_refused(network):
    with pytest.raises(ValueError, match="end with 12 units in hidden layer 1, but the network has 9"):
        unit_cohorts(network, EVENTS.assign(width_after=12), IMAGES, LABELS, epochs=5)
