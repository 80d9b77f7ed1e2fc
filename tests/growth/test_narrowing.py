"""Units leave without a change of the function if they are dead, unused or duplicates."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bypass_network import Bypass, BypassSpec
from mnist_growth.digits import PixelStatistics
from mnist_growth.growth import Narrowing, accepts_constants, duplicates, entries_of, narrow, widen
from mnist_growth.network import evaluation_mode

shapes = st.lists(st.integers(1, 12), min_size=1, max_size=3)


def logits(network, images):
    with evaluation_mode(network), torch.no_grad():
        return network(images)


def merged(network, layer):
    group = network.unit_groups()[layer]
    return Narrowing.merging(group, duplicates(network, group))


@settings(max_examples=40, deadline=None)
@given(shapes, st.booleans(), st.integers(1, 20), st.data())
def test_pruning_the_copies_of_a_split_gives_the_function_back(laboratory, widths, batch_norm, count, data):
    network, _ = laboratory.train(widths, batch_norm)
    layer = data.draw(st.integers(0, len(widths) - 1))
    wider = widen(network, laboratory.widening(network, layer, count, "net2net_split"))
    narrower = narrow(wider, merged(wider, layer))
    assert narrower.widths == tuple(widths)
    assert (logits(network, laboratory.images) - logits(narrower, laboratory.images)).abs().max().item() <= 1e-12


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(16, 64), min_size=1, max_size=3), st.booleans(), st.integers(1, 64), st.data())
def test_pruning_copies_is_exact_in_single_precision(laboratory, widths, batch_norm, count, data):
    network, _ = laboratory.train(widths, batch_norm, torch.float32)
    layer = data.draw(st.integers(0, len(widths) - 1))
    wider = widen(network, laboratory.widening(network, layer, count, "net2net_split"))
    before, after = (logits(each, laboratory.images) for each in (wider, narrow(wider, merged(wider, layer))))
    assert (before - after).abs().max().item() <= 1e-6 * before.abs().max().item()


def test_narrowing_undoes_a_widening_by_unused_units_bit_for_bit(laboratory):
    network, _ = laboratory.train([6, 5])
    wider = widen(network, laboratory.widening(network, 0, 4, "zero_fan_out"))
    back = narrow(wider, Narrowing.dropping(wider.unit_groups()[0], torch.arange(6)))
    for name, tensor in network.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor), name


def test_a_pair_of_units_that_cancel_leaves_nothing_behind(laboratory):
    network, _ = laboratory.train([6, 5])
    wider = widen(network, laboratory.widening(network, 0, 4, "paired"))
    narrower = narrow(wider, merged(wider, 0))
    assert narrower.widths == (8, 5)
    assert torch.equal(narrower.hidden[1].linear.weight[:, 6:], torch.zeros(5, 2).double())


@pytest.mark.parametrize("batch_norm", [True, False])
def test_units_of_constant_activation_leave_with_it_in_the_next_layer(laboratory, batch_norm):
    network, _ = laboratory.train([6, 5, 4], batch_norm)
    with torch.no_grad():  # units 1 and 4 of the second layer do not depend on the image
        layer = network.hidden[1]
        (layer.norm.weight if batch_norm else layer.linear.weight)[[1, 4]] = 0
        (layer.norm.bias if batch_norm else layer.linear.bias)[[1, 4]] = torch.tensor([0.75, -0.25]).double()
    group = network.unit_groups()[1]
    plain = Narrowing.dropping(group, torch.tensor([0, 2, 3]))
    exact = Narrowing(group, plain.kept, plain.transfer, torch.tensor([0.75, 0.0], dtype=torch.float64))
    expected = logits(network, laboratory.images)
    assert (logits(narrow(network, exact), laboratory.images) - expected).abs().max() <= 1e-12
    assert (logits(narrow(network, plain), laboratory.images) - expected).abs().max() > 1e-3


def test_the_transfer_moves_outgoing_weights_to_the_kept_units(laboratory):
    network, _ = laboratory.train([3, 4], batch_norm=False)
    group = network.unit_groups()[0]
    transfer = torch.tensor([[0.5, -2.0]], dtype=torch.float64)
    narrower = narrow(network, Narrowing(group, torch.tensor([0, 2]), transfer, torch.tensor([3.0]).double()))
    old, bias = network.hidden[1].linear.weight, network.hidden[1].linear.bias
    new = narrower.hidden[1].linear
    torch.testing.assert_close(new.weight[:, 0], old[:, 0] + 0.5 * old[:, 1], rtol=0, atol=1e-14)
    torch.testing.assert_close(new.weight[:, 1], old[:, 2] - 2.0 * old[:, 1], rtol=0, atol=1e-14)
    torch.testing.assert_close(new.bias, bias + 3.0 * old[:, 1], rtol=0, atol=1e-14)


def test_the_optimizer_keeps_the_state_of_kept_units(laboratory):
    network, optimizer = laboratory.train([6, 5])
    wider, [widening] = laboratory.grow([network], [3, 0])
    optimizer.grow(wider[0], [widening])
    laboratory.descend(wider[0], optimizer)
    before = optimizer.moments()
    kept = torch.tensor([0, 3, 7])  # old units and a new one
    narrowing = Narrowing.dropping(wider[0].unit_groups()[0], kept)
    narrower = narrow(wider[0], narrowing)
    optimizer.grow(narrower, [narrowing])
    after = optimizer.moments()
    for part in ("first", "second", "age"):
        incoming, outgoing = (
            (getattr(after[name], part), getattr(before[name], part))
            for name in ("hidden.0.linear.weight", "hidden.1.linear.weight")
        )
        assert torch.equal(incoming[0], incoming[1][kept])
        assert torch.equal(outgoing[0], outgoing[1][:, kept])
    assert dict(optimizer.parameters).keys() == dict(narrower.named_parameters()).keys()
    laboratory.descend(narrower, optimizer)


def test_units_that_feed_several_layers_leave_from_all_of_them(laboratory):
    generator = torch.Generator().manual_seed(0)
    network = Bypass(BypassSpec(sizes=(6, 5)), PixelStatistics(0.13, 0.31, 0), generator).double()
    with torch.no_grad():
        for name in ("first.weight", "first.bias"):
            network.get_parameter(name)[4] = network.get_parameter(name)[1]
    narrower = narrow(network, merged(network, 0))
    assert narrower.widths == (5, 5)
    assert (logits(network, laboratory.images) - logits(narrower, laboratory.images)).abs().max() <= 1e-12
    group = network.unit_groups()[0]
    assert not accepts_constants(network, group)  # the bypass has no bias
    constant = Narrowing(group, torch.arange(5), torch.zeros(1, 5).double(), torch.ones(1).double())
    with pytest.raises(ValueError, match="The sums of bypass have neither a bias nor a running mean"):
        narrow(network, constant)


def test_a_group_cannot_lose_all_of_its_units(laboratory):
    network, _ = laboratory.train([3])
    group = network.unit_groups()[0]
    assert entries_of(group) == 1
    with pytest.raises(ValueError, match=r"All 3 units of hidden\.0 would leave"):
        Narrowing.dropping(group, torch.tensor([], dtype=torch.int64))


@pytest.mark.parametrize("batch_norm", [True, False])
def test_units_that_differ_in_a_bias_or_a_statistic_alone_are_no_copies(laboratory, batch_norm):
    network, _ = laboratory.train([4, 3], batch_norm)
    group = network.unit_groups()[0]
    with torch.no_grad():
        for axis in group.axes:
            if axis.role != "outgoing":
                network.state_dict()[axis.tensor][3] = network.state_dict()[axis.tensor][1]
        assert duplicates(network, group).tolist() == [0, 1, 2, 1]
        network.state_dict()["hidden.0.norm.running_var" if batch_norm else "hidden.0.linear.bias"][3] += 1
    assert duplicates(network, group).tolist() == [0, 1, 2, 3]
