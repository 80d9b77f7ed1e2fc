"""Entries that the optimizer must not change."""

import torch

from mnist_growth.growth import widen, zero_fan_out
from mnist_growth.learning import GrowingAdamW
from mnist_growth.network import GrowingMLP


def make():
    return GrowingMLP([4], classes=3, batch_norm=False, generator=torch.Generator().manual_seed(1))


def step(network, optimizer):
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step(0.1)


def test_held_entries_stay_bit_equal_in_spite_of_gradients_moments_and_decay():
    network = make()
    optimizer = GrowingAdamW(network, weight_decay=0.1)
    step(network, optimizer)  # moments of earlier updates
    before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    held = torch.zeros(3, 4, dtype=torch.bool)
    held[:2, 1:] = True

    optimizer.hold({"output.weight": held})
    for _ in range(3):
        step(network, optimizer)

    assert torch.equal(network.output.weight[held], before["output.weight"][held])
    assert (network.output.weight[~held] != before["output.weight"][~held]).all()
    assert (network.output.bias != before["output.bias"]).all()


def test_they_are_free_again_when_the_network_grows():
    network = make()
    optimizer = GrowingAdamW(network)
    optimizer.hold({"output.bias": torch.ones(3, dtype=torch.bool)})
    widening = zero_fan_out(network, network.unit_groups()[0], 1, torch.Generator().manual_seed(0))
    wider = widen(network, widening)
    optimizer.grow(wider, [widening])

    step(wider, optimizer)

    assert wider.output.bias.abs().min() > 0.05
