import pytest
import torch
from torch import nn

from mnist_growth.network import OPERATORS, GrowingAdamW, GrowingMLP, widen_together
from mnist_growth.network.adamw import _new_extents


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
            (network,) = widen_together([network], width, OPERATORS["zero_fan_out"], generator)
            optimizer.grow(network)
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
    (network,) = widen_together([network], 8, OPERATORS["zero_fan_out"], generator)
    optimizer.grow(network)
    before = {name: parameter.detach().clone() for name, parameter in optimizer.parameters.items()}
    for parameter in optimizer.parameters.values():
        parameter.grad = 100 * torch.randn(parameter.shape, dtype=torch.float64, generator=generator)
    optimizer.step(1e-2)
    for name, blocks in optimizer.blocks.items():
        moved = (optimizer.parameters[name].detach() - before[name]).abs()
        for block in blocks[1:]:
            assert block.age == 1
            assert block.of(moved).max() <= 1e-2 * (1 + 1e-9)


def test_state_round_trip_continues_bit_for_bit():
    network = GrowingMLP([4, 4], generator=torch.Generator().manual_seed(0))
    optimizer = GrowingAdamW(network)
    generator = torch.Generator().manual_seed(1)

    def step(optimizer, seed):
        source = torch.Generator().manual_seed(seed)
        for parameter in optimizer.parameters.values():
            parameter.grad = torch.randn(parameter.shape, generator=source)
        optimizer.step(1e-2)

    step(optimizer, 1)
    (network,) = widen_together([network], 6, OPERATORS["zero_fan_out"], generator)
    optimizer.grow(network)
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


def test_shrinking_and_missing_gradients_are_refused():
    optimizer = GrowingAdamW(linear(3, 3))
    with pytest.raises(ValueError, match="parameters can only grow"):
        optimizer.grow(linear(2, 3))
    with pytest.raises(RuntimeError, match="weight has no gradient"):
        optimizer.step(0.1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((2, 3), (2, 3), []),
        ((2,), (5,), [((2, 5),)]),
        ((2, 3), (4, 3), [((2, 4), (0, 3))]),
        ((2, 3), (2, 5), [((0, 2), (3, 5))]),
        ((2, 3), (4, 5), [((0, 2), (3, 5)), ((2, 4), (0, 5))]),
    ],
)
def test_new_entries_are_covered_by_columns_then_rows(old, new, expected):
    assert _new_extents(old, new) == expected
