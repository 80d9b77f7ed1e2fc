import weakref

import pytest
import torch
from torch import nn

from mnist_growth.growth import net2net_split, widen_together, zero_fan_out
from mnist_growth.learning import GrowingAdamW
from mnist_growth.network import GrowingMLP


def grow(network, optimizer, width, seed=0, operator=zero_fan_out):
    """Bring every hidden layer to a width."""
    generator = torch.Generator().manual_seed(seed)
    counts = [width - old for old in network.widths]
    (network,), widenings = widen_together([network], counts, operator, generator)
    optimizer.grow(network, widenings)
    return network


def linear(rows, columns, dtype=torch.float32):
    layer = nn.Linear(columns, rows, dtype=dtype)
    nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(0))
    return layer


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_without_growth_it_is_torchs_adamw_for_200_steps(dtype, tolerance):
    ours, theirs = linear(7, 5, dtype), linear(7, 5, dtype)
    theirs.load_state_dict(ours.state_dict())
    optimizer = GrowingAdamW(ours, weight_decay=0.05)
    reference = torch.optim.AdamW(
        [
            {"params": [theirs.weight], "weight_decay": 0.05},
            {"params": [theirs.bias], "weight_decay": 0.0},
        ]
    )
    generator = torch.Generator().manual_seed(1)
    for step in range(200):
        rate = 0.01 / (1 + step)
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            gradient = torch.randn(mine.shape, dtype=dtype, generator=generator)
            mine.grad, other.grad = gradient.clone(), gradient.clone()
        for group in reference.param_groups:
            group["lr"] = rate
        optimizer.step(rate)
        reference.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert (mine - other).abs().max() <= tolerance * other.abs().max()


def test_every_entry_is_updated_as_if_it_had_an_optimizer_of_its_own():
    """After a growth, old and new entries follow two torch optimizers of different ages."""
    network = GrowingMLP([3, 3], generator=torch.Generator().manual_seed(0)).double()
    optimizer = GrowingAdamW(network, weight_decay=0.0)
    generator = torch.Generator().manual_seed(2)

    def gradients_for(parameters):
        return {name: torch.randn(p.shape, dtype=p.dtype, generator=generator) for name, p in parameters.items()}

    references = {name: {} for name in optimizer.parameters}  # entry -> (leaf, optimizer)
    for width in (3, 5, 6):
        if width > 3:
            network = grow(network, optimizer, width)
        for name, parameter in optimizer.parameters.items():
            ages = torch.zeros(parameter.shape)
            for block in optimizer.blocks[name]:
                block.of(ages).fill_(block.age)
            for entry in (ages == 0).nonzero()[:: max(1, parameter.numel() // 20)]:
                leaf = parameter[tuple(entry)].detach().clone().requires_grad_(True)
                references[name][tuple(entry.tolist())] = (leaf, torch.optim.AdamW([leaf], lr=0.01, weight_decay=0.0))
        for _ in range(4):
            gradients = gradients_for(optimizer.parameters)
            for name, parameter in optimizer.parameters.items():
                parameter.grad = gradients[name]
                for key, (leaf, single) in references[name].items():
                    leaf.grad = gradients[name][key].clone()
                    single.step()
            optimizer.step(0.01)
            for name, parameter in optimizer.parameters.items():
                for key, (leaf, _) in references[name].items():
                    assert parameter[key].item() == pytest.approx(leaf.item(), abs=1e-12), (name, key, width)


def test_the_first_update_of_a_new_entry_is_at_most_the_learning_rate():
    network = GrowingMLP([4, 4], generator=torch.Generator().manual_seed(0)).double()
    optimizer = GrowingAdamW(network, weight_decay=0.0)
    generator = torch.Generator().manual_seed(1)
    for _ in range(3000):
        for parameter in optimizer.parameters.values():
            parameter.grad = torch.randn(parameter.shape, dtype=torch.float64, generator=generator)
        optimizer.step(1e-4)
    network = grow(network, optimizer, 8)
    before = {name: parameter.detach().clone() for name, parameter in optimizer.parameters.items()}
    for parameter in optimizer.parameters.values():
        parameter.grad = 100 * torch.randn(parameter.shape, dtype=torch.float64, generator=generator)
    optimizer.step(1e-2)
    for name, blocks in optimizer.blocks.items():
        moved = (optimizer.parameters[name].detach() - before[name]).abs()
        born = [block for block in blocks if block.age == 1]
        assert born or name == "output.bias"
        for block in born:
            assert block.of(moved).max() <= 1e-2 * (1 + 1e-9)


def test_state_round_trip_continues_bit_for_bit():
    network = GrowingMLP([4, 4], generator=torch.Generator().manual_seed(0))
    optimizer = GrowingAdamW(network)

    def step(optimizer, seed):
        source = torch.Generator().manual_seed(seed)
        for parameter in optimizer.parameters.values():
            parameter.grad = torch.randn(parameter.shape, generator=source)
        optimizer.step(1e-2)

    step(optimizer, 1)
    network = grow(network, optimizer, 6)
    step(optimizer, 2)
    copied = GrowingMLP([6, 6])
    copied.load_state_dict(network.state_dict())
    restored = GrowingAdamW(copied)
    restored.load_state(*optimizer.state())
    for seed in (3, 4):
        step(optimizer, seed)
        step(restored, seed)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), copied.parameters(), strict=True))


def test_a_state_of_another_network_is_refused():
    optimizer = GrowingAdamW(linear(3, 3))
    tensors, extents = GrowingAdamW(linear(2, 3)).state()
    with pytest.raises(ValueError, match="covers 6 entries of weight; expected 9"):
        optimizer.load_state(tensors, extents)


def test_a_state_with_more_or_fewer_parameters_is_refused():
    shallow, deep = GrowingAdamW(GrowingMLP((4,))), GrowingAdamW(GrowingMLP((4, 4)))
    with pytest.raises(ValueError, match=r"has 8 parameters and the network 5; hidden.1.linear.weight is in only one"):
        shallow.load_state(*deep.state())
    with pytest.raises(ValueError, match=r"has 5 parameters and the network 8; hidden.1.linear.weight is in only one"):
        deep.load_state(*shallow.state())


def test_its_defaults_are_those_of_torch():
    ours, theirs = (nn.Linear(3, 2, bias=False) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    optimizer, reference = GrowingAdamW(ours), torch.optim.AdamW(theirs.parameters(), lr=0.01)
    for seed in range(3):
        gradient = torch.randn(2, 3, generator=torch.Generator().manual_seed(seed))
        ours.weight.grad, theirs.weight.grad = gradient.clone(), gradient.clone()
        optimizer.step(0.01)
        reference.step()
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("shape", [(), (2, 3, 4)])
def test_only_vectors_and_matrices_are_updated(shape):
    network = nn.Module()
    network.weight = nn.Parameter(torch.zeros(shape))
    with pytest.raises(ValueError, match=f"weight has {len(shape)} dimensions, but GrowingAdamW updates vectors and"):
        GrowingAdamW(network)


def test_forgetting_the_gradients_keeps_the_prepared_update(monkeypatch):
    network = GrowingMLP((4, 4))
    optimizer = GrowingAdamW(network)
    prepared = []
    prepare = optimizer._prepare
    monkeypatch.setattr(optimizer, "_prepare", lambda: prepared.append(1) or prepare())
    for _ in range(3):
        optimizer.zero_grad()
        network(torch.ones(2, 28, 28)).sum().backward()
        optimizer.step(0.01)
    assert prepared == [1]


def test_a_missing_gradient_and_a_network_that_grew_in_another_way_are_refused():
    network = GrowingMLP([4, 4])
    optimizer = GrowingAdamW(network)
    with pytest.raises(RuntimeError, match="hidden.0.linear.weight has no gradient"):
        optimizer.step(0.1)
    (wider,), widenings = widen_together([network], [1, 0], zero_fan_out, torch.Generator())
    with pytest.raises(ValueError, match="the changes made to it give"):
        optimizer.grow(wider, [])
    with pytest.raises(ValueError, match="the changes made to it give"):
        optimizer.grow(network, widenings)


def test_a_parameter_that_moves_in_memory_is_still_the_one_that_is_updated():
    """Views of the weights are kept between steps; they must not outlive the memory they look at."""
    moved = GrowingMLP([4, 4], generator=torch.Generator().manual_seed(0))
    optimizer = GrowingAdamW(moved)
    for parameter in optimizer.parameters.values():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step(0.1)
    left = {name: parameter.detach() for name, parameter in moved.named_parameters()}
    for parameter in moved.parameters():
        parameter.data = parameter.data.clone()
    optimizer.step(0.1)
    for name, parameter in moved.named_parameters():
        assert not torch.equal(parameter, left[name]), name


def test_gradients_that_are_forgotten_leave_memory_also_after_a_growth():
    network = GrowingMLP([4, 4])
    optimizer = GrowingAdamW(network)
    network = grow(network, optimizer, 6)
    network(torch.rand(8, 28, 28)).sum().backward()
    optimizer.step(0.01)
    gradient = weakref.ref(network.output.weight.grad)
    assert gradient() is not None
    optimizer.zero_grad()
    assert gradient() is None


def test_weights_that_are_changed_from_outside_are_taken_as_they_are():
    network = GrowingMLP([4, 4], generator=torch.Generator().manual_seed(0))
    optimizer = GrowingAdamW(network, weight_decay=0.0)

    def step():
        for parameter in optimizer.parameters.values():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step(0.1)

    step()
    network = grow(network, optimizer, 6)
    step()  # makes the buffers of the blocks of columns
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(3.0)
    step()
    assert all((parameter == 3).all() for parameter in network.parameters())


def test_gradients_may_lie_anywhere_in_memory():
    networks = [GrowingMLP([4, 4], generator=torch.Generator().manual_seed(0)) for _ in range(3)]
    optimizers = [GrowingAdamW(network) for network in networks]
    networks = [grow(network, optimizer, 6) for network, optimizer in zip(networks, optimizers, strict=True)]
    for name in optimizers[0].parameters:
        plain, part, turned = (optimizer.parameters[name] for optimizer in optimizers)
        plain.grad = torch.randn(plain.shape, generator=torch.Generator().manual_seed(len(name)))
        part.grad = torch.stack([torch.zeros_like(part), plain.grad])[1]
        turned.grad = plain.grad.T.contiguous().T if turned.ndim > 1 else plain.grad
    for optimizer in optimizers:
        optimizer.step(0.01)
    for name, plain in networks[0].named_parameters():
        assert torch.equal(networks[1].get_parameter(name), plain), name
        assert torch.equal(networks[2].get_parameter(name), plain), name


def test_the_units_born_last_may_learn_at_another_rate_until_the_next_growth():
    network = GrowingMLP([4, 4], generator=torch.Generator().manual_seed(0)).double()
    optimizer = GrowingAdamW(network, weight_decay=0.0)

    def moved_by_a_step(factor):
        before = {name: parameter.detach().clone() for name, parameter in optimizer.parameters.items()}
        for parameter in optimizer.parameters.values():
            parameter.grad = torch.ones_like(parameter)
        optimizer.step(0.01, newest_factor=factor)
        after = optimizer.parameters["hidden.1.linear.weight"].detach()
        return (before["hidden.1.linear.weight"] - after).abs()

    assert optimizer.newest_age is None
    torch.testing.assert_close(moved_by_a_step(0.5), torch.full((4, 4), 0.01, dtype=torch.float64))
    expected = torch.full((6, 6), 0.01, dtype=torch.float64)
    network = grow(network, optimizer, 6)
    assert optimizer.newest_age == 0
    expected[4:] = expected[:, 4:] = 0.005
    torch.testing.assert_close(moved_by_a_step(0.5), expected)
    assert optimizer.newest_age == 1
    network = grow(network, optimizer, 7)
    expected = torch.full((7, 7), 0.01, dtype=torch.float64)
    expected[6:] = expected[:, 6:] = 0.0
    torch.testing.assert_close(moved_by_a_step(0.0), expected)


def test_blocks_stay_few_when_units_are_split():
    """Copies inherit their age, so that a matrix of splits is one block, whatever the number of growths."""
    network = GrowingMLP([4, 4], generator=torch.Generator().manual_seed(0))
    optimizer = GrowingAdamW(network)
    for seed, width in enumerate((6, 8, 11)):
        network = grow(network, optimizer, width, seed, net2net_split)
        for parameter in optimizer.parameters.values():
            parameter.grad = torch.ones_like(parameter)
        optimizer.step(0.01)
    assert {len(blocks) for blocks in optimizer.blocks.values()} == {1}
