"""Autograd gives the gradients of the hand-derived formulas, for the same calls."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_growth.learning import Autograd, Backprop, objective_for
from mnist_growth.network import GrowingMLP

IMAGES = torch.randint(0, 256, (12, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 10, (12,), generator=torch.Generator().manual_seed(1))


def make(widths, batch_norm, dtype=torch.float64):
    return GrowingMLP(widths, batch_norm=batch_norm, generator=torch.Generator().manual_seed(3)).to(dtype).train()


def update(objective, pieces=(slice(0, 12),)):
    objective.begin()
    results = [objective.add(IMAGES[piece], LABELS[piece], len(LABELS[piece]) / 12) for piece in pieces]
    objective.finish()
    return results


@settings(deadline=None, max_examples=25)
@given(
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    batch_norm=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.1]),
    pieces=st.sampled_from([(slice(0, 12),), (slice(0, 5), slice(5, 12))]),
)
def test_both_objectives_give_the_same_gradients_results_and_statistics(widths, batch_norm, smoothing, pieces):
    by_hand = make(widths, batch_norm)
    automatic = copy.deepcopy(by_hand)
    expected = update(Backprop(by_hand, label_smoothing=smoothing), pieces)
    found = update(Autograd(automatic, label_smoothing=smoothing), pieces)
    for ours, theirs in zip(found, expected, strict=True):
        assert float(ours.loss_sum) == pytest.approx(float(theirs.loss_sum), rel=1e-12)
        assert int(ours.correct_count) == int(theirs.correct_count)
        assert not ours.loss_sum.requires_grad
    for (name, mine), (_, other) in zip(automatic.named_parameters(), by_hand.named_parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-9, atol=1e-12, msg=name)
    for (name, mine), (_, other) in zip(automatic.named_buffers(), by_hand.named_buffers(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=0, msg=name)


def test_the_gradients_of_an_update_do_not_contain_those_of_the_one_before():
    network = make([6], False)
    objective = Autograd(network)
    update(objective)
    first = [parameter.grad.clone() for parameter in network.parameters()]
    update(objective)
    assert all(torch.equal(one, parameter.grad) for one, parameter in zip(first, network.parameters(), strict=True))


def test_the_memory_of_the_gradients_stays_as_a_recorded_graph_needs_it():
    network = make([6], True)
    objective = Autograd(network)
    addresses = []
    for _ in range(2):
        network.zero_grad()
        update(objective)
        addresses.append([parameter.grad.data_ptr() for parameter in network.parameters()])
    assert addresses[0] == addresses[1]


def test_in_bfloat16_gradients_stay_float32_and_are_close():
    plain, low = make([64, 48], False, torch.float32), make([64, 48], False, torch.float32)
    update(Autograd(plain))
    [result] = update(Autograd(low, torch.bfloat16))
    assert result.loss_sum.dtype == torch.float32
    for (name, exact), (_, rounded) in zip(plain.named_parameters(), low.named_parameters(), strict=True):
        assert rounded.grad.dtype == torch.float32
        assert 0 < (rounded.grad - exact.grad).norm() / exact.grad.norm() < 0.06, name


def test_the_mlp_is_trained_by_hand_derived_formulas():
    assert isinstance(objective_for(make([4], True), None, 0.0), Backprop)


def test_without_further_arguments_the_gradient_is_that_of_the_mean_cross_entropy():
    network = make([6], True)
    expected = copy.deepcopy(network)
    torch.nn.functional.cross_entropy(expected(IMAGES), LABELS).backward()
    for kind in (Autograd, Backprop):
        objective = kind(copy.deepcopy(network))
        objective.begin()
        result = objective.add(IMAGES, LABELS)
        expected_loss = torch.nn.functional.cross_entropy(copy.deepcopy(network)(IMAGES), LABELS, reduction="sum")
        assert float(result.loss_sum) == pytest.approx(float(expected_loss.detach()))
        for ours, theirs in zip(objective.network.parameters(), expected.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-9, atol=1e-12)


def test_products_are_computed_in_the_given_dtype_and_gradients_in_that_of_the_weights():
    exact, low = (make([16, 16], True, torch.float32) for _ in range(2))
    update(Autograd(exact, torch.float32))
    [result] = update(Autograd(low, torch.bfloat16))
    assert result.loss_sum.dtype == torch.float32
    for (name, rounded), (_, precise) in zip(low.named_parameters(), exact.named_parameters(), strict=True):
        assert rounded.grad.dtype == torch.float32
        if rounded.ndim == 2:
            assert not torch.equal(rounded.grad, precise.grad), name
            error = (rounded.grad - precise.grad).norm() / precise.grad.norm()
            assert float(error) < 0.3, name
