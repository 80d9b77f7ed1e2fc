"""The invariants of growth for every kind of network, every group of units and every operator."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from kinds_of_networks import EXAMPLES, OPERATORS, growths, refused_growths
from mnist_growth.growth import NEW, widen
from mnist_growth.network import load_network, record, save_network
from mnist_growth.network.file import TrainedNetwork

PRESERVING = [name for name in OPERATORS if name != "random"]
ADDING = [name for name in OPERATORS if name != "net2net_split"]  # whose added units are new, not copies

dtypes = st.sampled_from([torch.float32, torch.float64])
few_examples = settings(max_examples=4, deadline=None)


def grown(laboratory, growth, count, dtype):
    """An example that was trained, its optimizer, the widening and the wider network."""
    network, optimizer = laboratory.train_any(growth.example.spec, dtype)
    widening = laboratory.widening(network, growth.group, count, growth.operator)
    return network, optimizer, widening, widen(network, widening)


def entries_of(tensor, axis, units):
    """One row of entries for each unit."""
    return axis.select(tensor, units).movedim(axis.axis, 0).reshape(len(units), -1)


@pytest.mark.parametrize("growth", growths(*PRESERVING), ids=str)
@few_examples
@given(count=st.integers(1, 9), dtype=dtypes, training=st.booleans())
def test_the_function_is_preserved(laboratory, growth, count, dtype, training):
    network, _, _, wider = grown(laboratory, growth, count, dtype)
    before, after = (one.train(training)(laboratory.images) for one in (network, wider))
    tolerance = 1e-12 if dtype == torch.float64 else 1e-6 * before.abs().max().item()
    assert (before - after).abs().max().item() <= tolerance
    expected = list(network.widths)
    expected[growth.group] += count
    assert list(wider.widths) == expected


@pytest.mark.parametrize("growth", growths(*ADDING), ids=str)
@few_examples
@given(count=st.integers(1, 9), dtype=dtypes)
def test_old_entries_and_moments_are_bit_equal_and_new_moments_are_zero(laboratory, growth, count, dtype):
    network, optimizer, widening, wider = grown(laboratory, growth, count, dtype)
    moments = optimizer.moments()
    optimizer.grow(wider, [widening])
    for name, tensor in network.state_dict().items():
        leading = tuple(slice(size) for size in tensor.shape)
        assert torch.equal(wider.state_dict()[name][leading], tensor), name
    for name, after in optimizer.moments().items():
        leading = tuple(slice(size) for size in moments[name].age.shape)
        for old, new in zip(vars(moments[name]).values(), vars(after).values(), strict=True):
            assert torch.equal(new[leading], old), name
            rest = new.clone()
            rest[leading] = 0
            assert not rest.any(), name


@pytest.mark.parametrize("growth", growths("net2net_split"), ids=str)
@few_examples
@given(count=st.integers(1, 9))
def test_copies_divide_and_their_moments_fit_their_gradients(laboratory, growth, count):
    """Without noise, incoming gradients are those of the old unit divided by c, outgoing ones are the same."""
    network, optimizer, widening, _ = grown(laboratory, growth, count, torch.float64)
    wider = widen(network, type(widening)(**{**vars(widening), "noise": {}}))
    before = optimizer.moments()
    optimizer.grow(wider, [widening])
    for one in (network, wider):
        one.zero_grad()
        torch.nn.functional.cross_entropy(one.train()(laboratory.images), laboratory.labels).backward()
    source, copies = widening.source, widening.copies.double().unsqueeze(1)
    for axis in widening.group.axes:
        everything = torch.arange(len(source))
        divisor = copies if axis.role == "outgoing" else 1
        old, new = (one.state_dict()[axis.tensor] for one in (network, wider))
        torch.testing.assert_close(entries_of(new, axis, everything), entries_of(old, axis, source) / divisor)
        if axis.role in ("mean", "variance"):
            continue
        divisor = 1 if axis.role == "outgoing" else copies
        old, new = (one.get_parameter(axis.tensor).grad for one in (network, wider))
        expected = entries_of(old, axis, source) / divisor
        torch.testing.assert_close(entries_of(new, axis, everything), expected, rtol=1e-9, atol=1e-12)
        old, new = before[axis.tensor], optimizer.moments()[axis.tensor]
        for part, power in (("first", 1), ("second", 2), ("age", 0)):
            expected = entries_of(getattr(old, part), axis, source)
            expected = expected / divisor**power if power else expected
            torch.testing.assert_close(entries_of(getattr(new, part), axis, everything), expected)


@pytest.mark.parametrize("growth", growths(*OPERATORS), ids=str)
@few_examples
@given(count=st.integers(1, 9), dtype=dtypes)
def test_after_one_step_every_new_unit_learns_and_all_units_differ(laboratory, growth, count, dtype):
    _, optimizer, widening, wider = grown(laboratory, growth, count, dtype)
    optimizer.grow(wider, [widening])
    before = copy.deepcopy(wider)
    laboratory.descend(wider, optimizer)
    everything = torch.arange(len(widening.source))
    weights = [axis for axis in widening.group.axes if axis.role in ("incoming", "outgoing")]
    gradients = torch.cat(
        [entries_of(wider.get_parameter(axis.tensor).grad, axis, everything) for axis in weights], dim=1
    )
    learns = (gradients != 0).any(1)
    assert learns[widening.group.size :][_answers(before, laboratory, widening)].all()
    units = torch.cat([entries_of(wider.state_dict()[axis.tensor], axis, everything) for axis in weights], dim=1)
    assert len(torch.unique(units, dim=0)) == len(everything)


def _answers(network, laboratory, widening):
    """Which added units have a sum above 0 for some image, so that relu passes it on."""
    group = next(group for group in network.unit_groups() if group.name == widening.group.name)
    sums = next((axis for role in ("scale", "incoming") for axis in group.of_role(role)), None)
    with record(network, outputs=[sums.module]) as recorded:
        network.train()(laboratory.images)
    outputs = recorded.outputs[sums.module].flatten(0, -2)
    added = torch.arange(widening.group.size, len(widening.source))
    return (entries_of(outputs, type(sums)("", 1, "incoming", sums.entries), added) > 0).any(1)


@pytest.mark.parametrize("growth", growths(*ADDING), ids=str)
def test_the_first_update_of_a_new_entry_is_at_most_the_learning_rate(laboratory, growth):
    network, optimizer = laboratory.train_any(growth.example.spec, steps=30)
    optimizer.weight_decay = 0.0
    widening = laboratory.widening(network, growth.group, 3, growth.operator)
    wider = widen(network, widening)
    optimizer.grow(wider, [widening])
    before = copy.deepcopy(wider.state_dict())
    laboratory.descend(wider, optimizer, learning_rate=0.01)
    added = (widening.source == NEW).nonzero().flatten()
    for axis in widening.group.axes:
        if axis.role not in ("mean", "variance"):
            moved = (wider.state_dict()[axis.tensor] - before[axis.tensor]).abs()
            assert entries_of(moved, axis, added).max() <= 0.01 * (1 + 1e-6), axis.tensor


@pytest.mark.parametrize("growth", growths(*OPERATORS), ids=str)
def test_the_optimizer_holds_exactly_the_parameters(laboratory, growth):
    _, optimizer, widening, wider = grown(laboratory, growth, 3, torch.float32)
    optimizer.grow(wider, [widening])
    had = dict(wider.named_parameters())
    assert optimizer.parameters.keys() == had.keys()
    assert all(optimizer.parameters[name] is parameter for name, parameter in had.items())
    for name, parameter in had.items():
        covered = torch.zeros(parameter.shape, dtype=torch.int64)
        for block in optimizer.blocks[name]:
            block.of(covered).add_(1)
        assert (covered == 1).all(), name


@pytest.mark.parametrize("growth", refused_growths(), ids=str)
def test_what_is_not_offered_is_refused_by_name(laboratory, growth):
    network, _ = laboratory.train_any(growth.example.spec)
    group = network.unit_groups()[growth.group]
    with pytest.raises(ValueError, match=rf"{group.name} .*choose another growth.operator"):
        laboratory.widening(network, growth.group, 3, growth.operator)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_axis_over_units_has_their_size(laboratory, example):
    network = laboratory.build(example.spec)
    state = network.state_dict()
    groups = network.unit_groups()
    assert tuple(group.size for group in groups) == example.spec.widths
    assert len({group.name for group in groups}) == len(groups)
    for group in groups:
        for axis in group.axes:
            assert state[axis.tensor].shape[axis.axis] == group.size * axis.entries, axis


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_network_of_any_widths_is_rebuilt_from_its_file_alone(laboratory, example, tmp_path):
    network = laboratory.build(example.spec.with_widths([width + 1 for width in example.spec.widths]), torch.float32)
    path = tmp_path / "network.safetensors"
    save_network(path, TrainedNetwork(network, epochs=1, dataset="sample", fingerprint="0"))
    loaded = load_network(path).network
    assert loaded.spec == network.spec
    assert torch.equal(loaded.eval()(laboratory.images), network.eval()(laboratory.images))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_costs_are_those_of_the_network(laboratory, example):
    network = laboratory.build(example.spec, torch.float32)
    assert sum(cost.parameters for cost in network.costs()) == network.parameter_count
    images = laboratory.images[:2]
    with FlopCounterMode(display=False) as counter:
        network.eval()(images)
    assert network.spec.forward_multiply_adds * 2 * len(images) == counter.get_total_flops()
