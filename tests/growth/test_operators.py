"""The invariants of growth, over every operator that they hold for."""

import copy
import subprocess
import sys
from dataclasses import replace
from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_growth.growth import NEW, OperatorName, Widening, widen
from mnist_growth.learning import averaged_copy

OPERATORS = sorted(get_args(OperatorName))
PRESERVING = [name for name in OPERATORS if name != "random"]
ADDING = [name for name in OPERATORS if name != "net2net_split"]  # whose added units are new, not copies

shapes = st.lists(st.integers(1, 12), min_size=1, max_size=3)
preserving, adding, operators = st.sampled_from(PRESERVING), st.sampled_from(ADDING), st.sampled_from(OPERATORS)


@settings(max_examples=60, deadline=None)
@given(shapes, st.booleans(), preserving, st.integers(1, 9), st.data())
def test_widening_any_layer_preserves_the_function(laboratory, widths, batch_norm, operator, count, data):
    network, _ = laboratory.train(widths, batch_norm)
    layer = data.draw(st.integers(0, len(widths) - 1))
    wider = widen(network, laboratory.widening(network, layer, count, operator))
    before, after = network.eval()(laboratory.images), wider.eval()(laboratory.images)
    assert (before - after).abs().max().item() <= 1e-12
    assert wider.widths == (*widths[:layer], widths[layer] + count, *widths[layer + 1 :])


@settings(max_examples=20, deadline=None)
@given(shapes, st.integers(1, 9), st.booleans(), preserving)
def test_a_network_and_its_average_grow_alike_and_keep_their_functions(laboratory, widths, count, batch_norm, operator):
    network, optimizer = laboratory.train(widths, batch_norm)
    average = averaged_copy(network)
    laboratory.descend(network, optimizer)
    (grown, grown_average), widenings = laboratory.grow([network, average], [count] * len(widths), operator)
    assert grown.widths == grown_average.widths == tuple(width + count for width in widths)
    assert not grown_average.training
    for layer, widening in enumerate(widenings):
        for one in (grown, grown_average):
            weight = one.linear_layers()[layer].weight
            copied, new = weight[widening.source[widths[layer] :]], widening.new[f"hidden.{layer}.linear.weight"]
            assert torch.equal(weight[widths[layer] :], copied if operator == "net2net_split" else new)
    for old, new in ((network, grown), (average, grown_average)):
        before, after = old.eval()(laboratory.images), new.eval()(laboratory.images)
        torch.testing.assert_close(after, before, rtol=0, atol=1e-11)


def test_random_is_the_control_that_does_not_preserve(laboratory):
    network, _ = laboratory.train([8, 8])
    wider = widen(network, laboratory.widening(network, 0, 8, "random"))
    assert (wider.eval()(laboratory.images) - network.eval()(laboratory.images)).abs().max() > 1e-3


@settings(max_examples=30, deadline=None)
@given(shapes, st.booleans(), st.integers(1, 9), st.data())
def test_a_split_copies_and_divides_as_the_gradients_will(laboratory, widths, batch_norm, count, data):
    """Weights and moments of a split are those that would have come about, had the copies been there all the time."""
    network, optimizer = laboratory.train(widths, batch_norm, steps=4)
    layer = data.draw(st.integers(0, len(widths) - 1))
    widening = laboratory.widening(network, layer, count, "net2net_split")
    before, old = optimizer.moments(), {name: tensor.clone() for name, tensor in network.state_dict().items()}
    wider = widen(network, widening)
    optimizer.grow(wider, [widening])
    g = widening.source
    c = torch.tensor([int((g == unit).sum()) for unit in g], dtype=torch.float64)
    assert torch.equal(g[: widths[layer]], torch.arange(widths[layer]))
    assert max(c) - min(c) <= 1
    axes = {axis.tensor: axis for axis in network.unit_groups()[layer].axes}
    for name, axis in axes.items():
        new = wider.state_dict()[name]
        if axis.role != "outgoing":  # the incoming side, with the running statistics of batch norm
            assert torch.equal(new, old[name][g]), name
            if name not in before:
                continue
            shape = (-1, *[1] * (new.ndim - 1))
            torch.testing.assert_close(optimizer.moments()[name].first, before[name].first[g] / c.reshape(shape))
            torch.testing.assert_close(optimizer.moments()[name].second, before[name].second[g] / c.reshape(shape) ** 2)
            assert torch.equal(optimizer.moments()[name].age, before[name].age[g])
        else:
            sums = new.new_zeros(len(new), widths[layer]).index_add_(1, g, new)
            torch.testing.assert_close(sums, old[name], rtol=0, atol=1e-15)
            for part in ("first", "second", "age"):
                after_part, before_part = (getattr(moments[name], part) for moments in (optimizer.moments(), before))
                assert torch.equal(after_part, before_part[:, g]), (name, part)
    untouched = before.keys() - axes.keys()
    assert all(torch.equal(optimizer.moments()[name].first, before[name].first) for name in untouched)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_new_units_have_exactly_the_given_weights_and_biases(laboratory, batch_norm):
    network, _ = laboratory.train([5, 4], batch_norm)
    group = network.unit_groups()[0]
    given, generator = {}, torch.Generator().manual_seed(3)
    for axis in group.axes:
        if axis.role in ("incoming", "bias", "outgoing"):
            shape = list(network.state_dict()[axis.tensor].shape)
            shape[axis.axis] = 3
            given[axis.tensor] = torch.randn(shape, generator=generator, dtype=torch.float64)
    assert ("hidden.0.linear.bias" in given) is not batch_norm
    wider = widen(network, Widening.of_new(network, group, 3, given)).state_dict()
    for axis in group.axes:
        if axis.tensor in given:
            assert torch.equal(wider[axis.tensor].narrow(axis.axis, 5, 3), given[axis.tensor]), axis.tensor


@pytest.mark.parametrize("operator", ADDING)
@pytest.mark.parametrize("batch_norm", [True, False])
def test_batch_norm_entries_of_new_units_are_neutral(laboratory, batch_norm, operator):
    network, _ = laboratory.train([5, 4], batch_norm)
    wider = widen(network, laboratory.widening(network, 0, 3, operator))
    norm = wider.hidden[0].norm
    if not batch_norm:
        assert norm is None
        return
    for values, neutral in ((norm.weight, 1), (norm.bias, 0), (norm.running_mean, 0), (norm.running_var, 1)):
        assert (values[5:] == neutral).all()
    assert norm.num_batches_tracked == network.hidden[0].norm.num_batches_tracked


def test_pairs_see_the_same_and_say_the_opposite_and_both_sides_learn_at_once(laboratory):
    network, optimizer = laboratory.train([5, 4])
    widening = laboratory.widening(network, 0, 7, "paired")
    fan_in, fan_out = widening.new["hidden.0.linear.weight"], widening.new["hidden.1.linear.weight"]
    assert torch.equal(fan_in[:3], fan_in[3:6])
    assert torch.equal(fan_out[:, :3], -fan_out[:, 3:6])
    assert (fan_out[:, :6] != 0).all()
    assert not fan_out[:, 6].any()  # the one without a partner
    wider = widen(network, widening)
    optimizer.grow(wider, [widening])
    laboratory.descend(wider, optimizer)
    incoming, outgoing = wider.linear_layers()[:2]
    assert (incoming.weight.grad[5:11].abs().sum(1) > 0).all()
    assert (outgoing.weight.grad[:, 5:11].abs().sum(0) > 0).all()


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_network_given_is_not_changed(laboratory, operator):
    network, _ = laboratory.train([4, 5])
    before = copy.deepcopy(network.state_dict())
    laboratory.grow([network], [5, 4], operator)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert network.training


@pytest.mark.parametrize("operator", OPERATORS)
def test_one_seed_gives_one_widening_and_another_gives_another(laboratory, operator):
    network, _ = laboratory.train([12, 5])
    first, again, other = (laboratory.widening(network, 0, 40, operator, seed) for seed in (1, 1, 2))
    fan_in, fan_in_again, fan_in_other = (one.new["hidden.0.linear.weight"] for one in (first, again, other))
    assert torch.equal(fan_in, fan_in_again)
    assert torch.equal(first.source, again.source)
    assert not (torch.equal(fan_in, fan_in_other) and torch.equal(first.source, other.source))
    assert (first.source[12:] == NEW).all() == (operator != "net2net_split")


def test_a_unit_that_is_not_split_keeps_its_bits(laboratory):
    network, _ = laboratory.train([6, 5], dtype=torch.float32)
    widening = laboratory.widening(network, 0, 2, "net2net_split")
    single = (widening.copies == 1).nonzero().flatten()
    assert len(single) == 4
    wider = widen(network, widening)
    assert torch.equal(wider.linear_layers()[1].weight[:, single], network.linear_layers()[1].weight[:, single])


def test_a_tensor_with_two_axes_over_one_group_is_refused(laboratory):
    network, _ = laboratory.train((4, 4), steps=1)
    group = network.unit_groups()[0]
    recurrent = replace(group, axes=(*group.axes, replace(group.of_role("incoming")[0], axis=1)))
    with pytest.raises(ValueError, match=r"hidden.0.linear.weight has 2 axes over the group hidden.0; widening"):
        Widening.of_new(network, recurrent, 1, {})


@pytest.mark.parametrize("operator", ["paired", "random"])
def test_outgoing_weights_of_new_units_are_scaled_by_the_fan_in_of_the_wider_layer(laboratory, operator):
    network, _ = laboratory.train((4, 4), steps=1)
    drawn = laboratory.widening(network, 0, 60, operator).new["hidden.1.linear.weight"]
    assert 0.9 / 8 < float(drawn.abs().max()) <= 1 / 8  # 4 + 60 inputs


def test_growth_does_not_import_torchs_compiler():
    """Which takes two seconds and 70 MB."""
    code = "import sys, mnist_growth as mg; mg.widen(mg.mlp([3]), 5); print('torch._dynamo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
