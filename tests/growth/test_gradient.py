import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_growth.growth import gradient_directions, gradient_gain, widen


def gradient_matrices(network, laboratory):
    """M by another way: the gradient of a zero matrix that leads from a layer's inputs past it to the next one."""
    twin = copy.deepcopy(network).train()
    shortcuts = []

    def add_shortcut(layer):
        first, second = twin.linear_layers()[layer : layer + 2]
        seen = []
        first.register_forward_hook(lambda _module, given, _result: seen.append(given[0].detach()))
        extra = 0 if network.batch_norm else 1
        shortcut = torch.zeros(second.out_features, first.in_features + extra, dtype=torch.float64, requires_grad=True)
        shortcuts.append(shortcut)

        def past(_module, _given, result):
            inputs = seen[0] - seen[0].mean(0) if network.batch_norm else seen[0]
            ones = inputs.new_ones(len(inputs), extra)
            return result + torch.cat([inputs, ones], dim=1) @ shortcut.T

        second.register_forward_hook(past)

    for layer in range(len(network.widths)):
        add_shortcut(layer)
    loss = torch.nn.functional.cross_entropy(twin(laboratory.images), laboratory.labels)
    return torch.autograd.grad(loss, shortcuts)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(2, 12), min_size=1, max_size=3), st.booleans())
def test_directions_are_the_singular_vectors_of_the_gradient_past_the_layer(laboratory, widths, batch_norm):
    network, _ = laboratory.train(widths, batch_norm)
    matrices = gradient_matrices(network, laboratory)
    for found, matrix in zip(gradient_directions(network, laboratory.probe), matrices, strict=True):
        rank = len(found.values)
        expected = torch.linalg.svdvals(matrix)
        torch.testing.assert_close(found.values, expected[:rank], rtol=1e-4, atol=1e-9)
        assert (expected[rank:] <= 1e-5 * expected[0]).all()
        vectors = found.vectors[:, : matrix.shape[1]]
        torch.testing.assert_close((vectors @ matrix.T).norm(dim=1), found.values, rtol=1e-4, atol=1e-9)
        torch.testing.assert_close(vectors @ vectors.T, torch.eye(rank, dtype=torch.float64), rtol=0, atol=1e-6)


def test_the_gain_is_the_sum_of_the_largest_squares_and_the_rank_before_ten_classes_is_at_most_nine(laboratory):
    network, _ = laboratory.train([20, 16])
    first, second = gradient_directions(network, laboratory.probe)
    assert len(second.values) <= 9
    assert gradient_gain(first.values, 3) == pytest.approx(float((first.values[:3] ** 2).sum()))
    assert gradient_gain(first.values, 1) < gradient_gain(first.values, 2) <= gradient_gain(first.values, 100)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_directed_units_are_both_signs_of_the_directions_with_the_length_of_random_ones(laboratory, batch_norm):
    network, _ = laboratory.train([20, 16], batch_norm)
    found = list(gradient_directions(network, laboratory.probe))[1].vectors
    widening = laboratory.widening(network, 1, 40, "gradient_directed")
    fan_in, fan_out = widening.new["hidden.1.linear.weight"], widening.new["output.weight"]
    bias = widening.new.get("hidden.1.linear.bias", torch.zeros(40, dtype=torch.float64))  # none with batch norm
    directed = torch.cat([fan_in, bias.unsqueeze(1)], dim=1)[: 2 * len(found)]
    torch.testing.assert_close(directed[::2], -directed[1::2])
    torch.testing.assert_close(directed[::2] * 3**0.5, found, rtol=1e-6, atol=1e-9)
    assert not bias[2 * len(found) :].any()
    assert (bias.abs().sum() > 0) is not batch_norm
    assert not fan_out.any()
    lengths = fan_in[2 * len(found) :].norm(dim=1)
    assert lengths.mean().item() == pytest.approx(3**-0.5, rel=0.2)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_directed_units_have_a_larger_first_gradient_than_random_ones(laboratory, batch_norm):
    network, _ = laboratory.train([20, 16, 16], batch_norm)
    norms = {}
    for operator in ("gradient_directed", "zero_fan_out"):
        wider = widen(network, laboratory.widening(network, 1, 8, operator))
        torch.nn.functional.cross_entropy(wider.train()(laboratory.images), laboratory.labels).backward()
        norms[operator] = wider.linear_layers()[2].weight.grad[:, 16:].norm().item()
    assert norms["gradient_directed"] > 1.3 * norms["zero_fan_out"]


def test_measuring_changes_neither_the_network_nor_its_statistics_nor_its_gradients(laboratory):
    network, _ = laboratory.train([6, 5])
    before = copy.deepcopy(network.state_dict())
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    assert len(list(gradient_directions(network.eval(), laboratory.probe))) == 2
    assert not network.training
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert all(torch.equal(old, p.grad) for old, p in zip(gradients, network.parameters(), strict=True))


def test_a_network_that_has_diverged_has_no_directions(laboratory):
    network, _ = laboratory.train([6, 5])
    with torch.no_grad():
        network.output.weight.fill_(float("nan"))
    for found in gradient_directions(network, laboratory.probe):
        assert gradient_gain(found.values, 3) == 0
    assert laboratory.widening(network, 0, 3, "gradient_directed").new["hidden.0.linear.weight"].shape == (3, 784)
