import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_growth.network import OPERATORS, GrowingAdamW, GrowingMLP, averaged_copy, widen, widen_together

IMAGES = torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 10, (64,), generator=torch.Generator().manual_seed(1))

shapes = st.lists(st.integers(1, 12), min_size=1, max_size=3)
operators = st.sampled_from(sorted(OPERATORS))


def trained_network(widths, batch_norm, dtype, seed=0, steps=3):
    """A network that has left its initial weights, with an optimizer that has moments."""
    network = GrowingMLP(widths, batch_norm=batch_norm, generator=torch.Generator().manual_seed(seed)).to(dtype)
    optimizer = GrowingAdamW(network)
    for _ in range(steps):
        descend(network, optimizer)
    return network, optimizer


def descend(network, optimizer, learning_rate=0.01):
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(network.train()(IMAGES), LABELS).backward()
    optimizer.step(learning_rate)


def new_neurons(network, layer, count, operator="zero_fan_out", seed=7):
    return OPERATORS[operator](network, layer, count, torch.Generator().manual_seed(seed))


@settings(max_examples=40, deadline=None)
@given(shapes, st.booleans(), operators, st.integers(1, 9), st.data())
def test_widening_any_layer_preserves_the_function(widths, batch_norm, operator, count, data):
    network, _ = trained_network(widths, batch_norm, torch.float64)
    layer = data.draw(st.integers(0, len(widths) - 1))
    wider = widen(network, layer, new_neurons(network, layer, count, operator))
    before, after = network.eval()(IMAGES), wider.eval()(IMAGES)
    assert (before - after).abs().max().item() <= 1e-12
    assert wider.widths[layer] == widths[layer] + count


# One or two neurons make BLAS take another kernel, and single precision then shows its rounding: usual widths here.
@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(16, 64), min_size=1, max_size=3), st.booleans(), operators, st.integers(1, 64), st.data())
def test_widening_preserves_the_function_in_single_precision(widths, batch_norm, operator, count, data):
    network, _ = trained_network(widths, batch_norm, torch.float32)
    layer = data.draw(st.integers(0, len(widths) - 1))
    wider = widen(network, layer, new_neurons(network, layer, count, operator))
    before, after = network.eval()(IMAGES), wider.eval()(IMAGES)
    assert (before - after).abs().max().item() <= 1e-6 * before.abs().max().item()


@settings(max_examples=20, deadline=None)
@given(shapes, st.booleans(), st.integers(1, 9))
def test_the_training_mode_function_is_preserved_too(widths, batch_norm, count):
    network, _ = trained_network(widths, batch_norm, torch.float64)
    wider = widen(network, 0, new_neurons(network, 0, count))
    torch.testing.assert_close(wider.train()(IMAGES), network.train()(IMAGES), rtol=0, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(shapes, st.booleans(), st.integers(1, 9), st.data())
def test_old_weights_and_moments_are_bit_equal_and_new_entries_start_at_zero(widths, batch_norm, count, data):
    network, optimizer = trained_network(widths, batch_norm, torch.float32)
    layer = data.draw(st.integers(0, len(widths) - 1))
    old = copy.deepcopy(network.state_dict())
    moments = {name: [copy.deepcopy(block) for block in blocks] for name, blocks in optimizer.blocks.items()}
    wider = widen(network, layer, new_neurons(network, layer, count))
    optimizer.grow(wider)
    for name, tensor in old.items():
        leading = wider.state_dict()[name][tuple(slice(size) for size in tensor.shape)]
        assert torch.equal(leading, tensor), name
    for name, blocks in moments.items():
        for before, after in zip(blocks, optimizer.blocks[name], strict=False):
            assert torch.equal(before.first_moment, after.first_moment)
            assert torch.equal(before.second_moment, after.second_moment)
            assert before.age == after.age
        for born in optimizer.blocks[name][len(blocks) :]:
            assert born.age == 0
            assert not born.first_moment.any()
            assert not born.second_moment.any()


@pytest.mark.parametrize("batch_norm", [True, False])
def test_new_batch_norm_entries_are_neutral(batch_norm):
    network, _ = trained_network([5, 4], batch_norm, torch.float32)
    wider = widen(network, 0, new_neurons(network, 0, 3))
    if not batch_norm:
        assert wider.hidden[0].norm is None
        assert not wider.linear_layers()[0].bias[5:].any()
        return
    norm = wider.hidden[0].norm
    assert torch.equal(norm.weight[5:], torch.ones(3))
    assert torch.equal(norm.bias[5:], torch.zeros(3))
    assert torch.equal(norm.running_mean[5:], torch.zeros(3))
    assert torch.equal(norm.running_var[5:], torch.ones(3))
    assert norm.num_batches_tracked == network.hidden[0].norm.num_batches_tracked


@pytest.mark.parametrize("operator", sorted(OPERATORS))
@pytest.mark.parametrize("batch_norm", [True, False])
def test_after_one_step_every_new_neuron_learns_and_all_differ(operator, batch_norm):
    network, optimizer = trained_network([6, 6], batch_norm, torch.float64, steps=5)
    wider = widen(network, 0, new_neurons(network, 0, 4, operator))
    optimizer.grow(wider)
    descend(wider, optimizer)
    incoming, outgoing = wider.linear_layers()[:2]
    fan_in_gradient = incoming.weight.grad[6:].abs().sum(1)
    fan_out_gradient = outgoing.weight.grad[:, 6:].abs().sum(0)
    assert ((fan_in_gradient > 0) | (fan_out_gradient > 0)).all()
    assert len(torch.unique(incoming.weight.detach()[6:], dim=0)) == 4
    assert len(torch.unique(outgoing.weight.detach()[:, 6:], dim=1).T) == 4


def test_the_optimizer_holds_exactly_the_networks_parameters_after_every_growth():
    network, optimizer = trained_network([4, 4, 4], True, torch.float32)
    for width in (6, 7, 12):
        (network,) = widen_together([network], width, OPERATORS["zero_fan_out"], torch.Generator().manual_seed(width))
        optimizer.grow(network)
        held, had = optimizer.parameters, dict(network.named_parameters())
        assert held.keys() == had.keys()
        assert all(held[name] is had[name] for name in had)
        for name, parameter in had.items():
            covered = torch.zeros(parameter.shape, dtype=torch.int64)
            for block in optimizer.blocks[name]:
                block.of(covered).add_(1)
            assert (covered == 1).all(), f"{name} is not covered exactly once"
        descend(network, optimizer)


def test_a_network_and_its_average_grow_by_the_same_neurons_and_keep_their_functions():
    network, optimizer = trained_network([4, 5], True, torch.float64)
    average = averaged_copy(network)
    descend(network, optimizer)
    grown, grown_average = widen_together(
        [network, average], 9, OPERATORS["zero_fan_out"], torch.Generator().manual_seed(3)
    )
    assert grown.widths == grown_average.widths == (9, 9)
    assert torch.equal(grown.linear_layers()[0].weight[4:], grown_average.linear_layers()[0].weight[4:])
    torch.testing.assert_close(grown_average.eval()(IMAGES), average.eval()(IMAGES), rtol=0, atol=1e-12)
    torch.testing.assert_close(grown.eval()(IMAGES), network.eval()(IMAGES), rtol=0, atol=1e-12)


def test_the_network_given_is_not_changed():
    network, _ = trained_network([4, 5], True, torch.float32)
    before = copy.deepcopy(network.state_dict())
    widen_together([network], 9, OPERATORS["zero_fan_out"], torch.Generator().manual_seed(3))
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
