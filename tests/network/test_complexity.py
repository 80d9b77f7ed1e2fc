import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from mnist_growth.network import (
    GrowingMLP,
    forward_multiply_adds,
    parameter_count,
    parameters_of_a_unit,
    training_multiply_adds,
)

WIDTHS = [(5,), (7, 3), (12, 9, 4)]


@pytest.mark.parametrize("widths", WIDTHS)
def test_multiply_adds_are_those_that_torch_counts(widths):
    network = GrowingMLP(widths)
    images = torch.zeros(4, 28, 28)
    with FlopCounterMode(display=False) as forward:
        network(images)
    with FlopCounterMode(display=False) as training:
        network(images.requires_grad_()).sum().backward()
    assert forward.get_total_flops() == 2 * 4 * forward_multiply_adds(widths)
    assert training.get_total_flops() == 2 * 4 * training_multiply_adds(widths)


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("widths", WIDTHS)
def test_parameters_are_those_of_the_network(widths, batch_norm):
    assert parameter_count(widths, batch_norm=batch_norm) == GrowingMLP(widths, batch_norm=batch_norm).parameter_count
    for layer in range(len(widths)):
        wider = [*widths[:layer], widths[layer] + 1, *widths[layer + 1 :]]
        added = parameters_of_a_unit(widths, layer, batch_norm=batch_norm)
        assert parameter_count(wider, batch_norm=batch_norm) - parameter_count(widths, batch_norm=batch_norm) == added
