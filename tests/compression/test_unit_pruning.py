"""Structured pruning: what a unit matters, which units leave, and what the others take over."""

import pytest
import torch
import torch.nn.functional as F

from bypass_network import Bypass, BypassSpec
from mnist_growth.compression.unit_importance import activations, importances, units_to_keep, units_within
from mnist_growth.compression.units import (
    RIDGE,
    GradualNarrowing,
    NarrowingConfig,
    narrow_with_reconstruction,
    reconstruction,
)
from mnist_growth.digits import PixelStatistics
from mnist_growth.growth import Probe, narrow
from mnist_growth.learning import Backprop
from mnist_growth.network import GrowingMLP, record
from mnist_growth.training import TrainingState

IMAGES = torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 10, (64,), generator=torch.Generator().manual_seed(1))
PROBE = Probe(IMAGES, LABELS)


def make(widths=(7, 6, 5), batch_norm=True):
    """A network whose statistics are those of the images."""
    network = GrowingMLP(widths, batch_norm=batch_norm, generator=torch.Generator().manual_seed(3)).double()
    with torch.no_grad():
        for _ in range(40):
            network.train()(IMAGES)
    return network.eval()


def sums_after(network, name):
    with torch.no_grad(), record(network, outputs=[name]) as recorded:
        network(IMAGES)
    return recorded.outputs[name]


def test_taylor_importance_is_the_squared_derivative_by_a_gate():
    network = make()
    gate = torch.ones(64, 6, dtype=torch.float64, requires_grad=True)
    handle = network.hidden[1].register_forward_hook(lambda _module, _inputs, outputs: outputs * gate)
    (derivative,) = torch.autograd.grad(F.cross_entropy(network(IMAGES), LABELS, reduction="sum"), gate)
    handle.remove()
    found = importances(network, PROBE, "taylor")
    assert [len(values) for values in found] == [7, 6, 5]
    torch.testing.assert_close(found[1], derivative.square().mean(0), rtol=1e-9, atol=0)


def test_variance_importance_is_the_share_of_the_variance_of_the_next_sums():
    network = make()
    weight = network.hidden[2].linear.weight.detach()
    values = activations(network, network.unit_groups()[1], PROBE)
    sums = (values @ weight.T).var(0, correction=0)
    expected = [(values[:, [j]] @ weight[:, [j]].T).var(0, correction=0).div(sums).mean() for j in range(6)]
    torch.testing.assert_close(importances(network, PROBE, "variance")[1], torch.stack(expected), rtol=1e-9, atol=0)


def test_units_of_all_groups_are_compared_per_multiply_add():
    network = make((4, 4, 4))  # a unit costs 788, 8 and 14 multiply-adds
    equal = [torch.ones(4), torch.ones(4), torch.ones(4)]
    assert [len(kept) for kept in units_to_keep(network, equal, 7 / 12, 1)] == [1, 4, 2]
    first = [torch.tensor([1.0, 5.0, 3.0, 0.0]), torch.zeros(4), torch.zeros(4)]
    assert [kept.tolist() for kept in units_to_keep(network, first, 0.5, 2)] == [[1, 2], [0, 1], [0, 1]]


def test_as_many_units_stay_as_the_multiply_adds_allow():
    network = make((4, 4, 4))  # 3,208 multiply-adds; the units cost 788, 8 and 14
    importance = [torch.arange(4.0), torch.arange(4.0) / 1000, torch.arange(4.0) / 1000]

    for limit in (3208, 3207, 2500, 900, 1):
        kept = units_within(network, importance, limit, 1)
        cost = network.spec.with_widths([len(units) for units in kept]).forward_multiply_adds
        more = units_to_keep(network, importance, (sum(map(len, kept)) + 1) / 12, 1)
        dearer = network.spec.with_widths([len(units) for units in more]).forward_multiply_adds
        assert cost <= limit or [len(units) for units in kept] == [1, 1, 1]
        assert dearer > limit or cost == 3208
        assert all(len(units) == 0 or units[-1] == 3 for units in kept)


def test_units_that_leave_are_replaced_by_their_regression_on_the_others():
    network, kept = make(), torch.tensor([0, 2, 3])
    group = network.unit_groups()[1]
    narrowing = reconstruction(network, group, kept, PROBE)
    values = activations(network, group, PROBE)
    centred = (values - values.mean(0)) / 64**0.5
    ridge = (RIDGE * centred[:, kept].square().sum(0).mean()).sqrt() * torch.eye(3).double()
    inputs = torch.cat([centred[:, kept], ridge])  # rows that pull the coefficients to 0
    targets = torch.cat([centred[:, [1, 4, 5]], torch.zeros(3, 3).double()])
    expected = torch.linalg.lstsq(inputs, targets).solution.T
    torch.testing.assert_close(narrowing.transfer, expected, rtol=1e-9, atol=1e-12)
    after = narrow(network, narrowing)
    before, now = sums_after(network, "hidden.2.linear"), sums_after(after, "hidden.2.linear")
    shift = network.hidden[2].norm.running_mean - after.hidden[2].norm.running_mean
    torch.testing.assert_close(now.mean(0) + shift, before.mean(0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("importance", ["taylor", "variance"])
def test_dead_units_leave_first_and_the_function_stays(importance):
    network = make()
    with torch.no_grad():
        network.hidden[0].norm.bias[[0, 5]] = -100
        network.hidden[2].norm.bias[1] = -100
    kept = units_to_keep(network, importances(network, PROBE, importance), 15 / 18, 1)
    assert [units.tolist() for units in kept] == [[1, 2, 3, 4, 6], [0, 1, 2, 3, 4, 5], [0, 2, 3, 4]]
    narrower, narrowings = narrow_with_reconstruction(network, kept, PROBE)
    assert len(narrowings) == 2
    assert (network(IMAGES) - narrower(IMAGES)).abs().max() <= 1e-12


def test_where_the_next_layer_takes_in_no_constant_the_regression_has_none():
    network = Bypass(BypassSpec(sizes=(6, 5)), PixelStatistics(0.13, 0.31, 0), torch.Generator().manual_seed(0))
    network = network.double().eval()
    narrowing = reconstruction(network, network.unit_groups()[0], torch.arange(4), PROBE)
    assert not narrowing.shift.any()
    assert narrowing.transfer.any()
    assert narrow(network, narrowing).widths == (4, 5)


def test_a_training_shrinks_with_its_average_and_its_optimizer():
    network = make((12, 8), batch_norm=True).float().train()
    state = TrainingState.begin(network, weight_decay=0.01, seed=0)
    config = NarrowingConfig(importance="variance", learning_rate=0.001, ramp=0.5, min_units=2)
    pruning = GradualNarrowing(0.4, 4, config, network.widths, PROBE)
    sizes, changed = [], []
    for epoch in range(4):
        state.epochs_done = epoch
        changed.append(pruning(state))
        objective = Backprop(state.network)
        objective.begin()
        objective.add(IMAGES, LABELS)
        state.optimizer.step(0.01)
        sizes.append(sum(state.network.widths))
        assert state.average.widths == state.network.widths
        assert not any(parameter.requires_grad for parameter in state.average.parameters())
    assert sizes == [round(20 * (1 - 0.6 * 7 / 8)), 8, 8, 8]
    assert changed == [True, True, False, False]
