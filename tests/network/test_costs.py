from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from mnist_growth.growth import parameters_of_a_unit
from mnist_growth.learning import Backprop, GrowingAdamW
from mnist_growth.network import GrowingMLP, training_memory

WIDTHS = [(5,), (7, 3), (12, 9, 4)]


@pytest.mark.parametrize("widths", WIDTHS)
def test_multiply_adds_are_those_that_torch_counts(widths):
    network = GrowingMLP(widths)
    images = torch.zeros(4, 28, 28)
    with FlopCounterMode(display=False) as forward:
        network(images)
    with FlopCounterMode(display=False) as training:
        network(images.requires_grad_()).sum().backward()
    assert forward.get_total_flops() == 2 * 4 * network.spec.forward_multiply_adds
    assert training.get_total_flops() == 2 * 4 * network.spec.training_multiply_adds


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("widths", WIDTHS)
def test_parameters_are_those_of_the_network(widths, batch_norm):
    network = GrowingMLP(widths, batch_norm=batch_norm)
    assert network.spec.parameter_count == network.parameter_count
    for layer in range(len(widths)):
        wider = GrowingMLP([*widths[:layer], widths[layer] + 1, *widths[layer + 1 :]], batch_norm=batch_norm)
        assert parameters_of_a_unit(network.spec, layer) == wider.parameter_count - network.parameter_count


def kept_by_the_backward_pass(network, images, labels, monkeypatch):
    """Different tensors [N, ...] that a step keeps: inputs, sums, outputs, logits and their logarithms."""
    forward, log_softmax, kept = Backprop._forward, F.log_softmax, {}

    def keep(*tensors):
        kept.update({tensor.data_ptr(): tensor for tensor in tensors})

    def watched_forward(self, index, layer, inputs):
        activations = forward(self, index, layer, inputs)
        keep(activations.inputs, activations.pre_activations, activations.outputs)
        return activations

    def watched_softmax(logits, dim):
        logarithms = log_softmax(logits, dim)
        keep(logits, logarithms)
        return logarithms

    monkeypatch.setattr(Backprop, "_forward", watched_forward)
    monkeypatch.setattr("mnist_growth.learning.loss.F.log_softmax", watched_softmax)
    step = Backprop(network.train())
    step.begin()
    step.add(images, labels)
    return list(kept.values())


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("widths", WIDTHS)
def test_the_memory_of_the_formula_is_that_of_the_tensors(widths, batch_norm, monkeypatch):
    network = GrowingMLP(widths, batch_norm=batch_norm)
    optimizer = GrowingAdamW(network)
    images, labels = torch.zeros(16, 28, 28), torch.zeros(16, dtype=torch.int64)
    kept = kept_by_the_backward_pass(network, images, labels, monkeypatch)
    optimizer.step(0.01)
    moments = [tensor for name, tensor in optimizer.state()[0].items() if name.endswith("moment")]
    weights = [parameter.detach() for parameter in network.parameters()]
    gradients = [parameter.grad for parameter in network.parameters()]

    parts = {part.part: part.bytes for part in training_memory(network.costs(), images=16, overhead=7)}

    assert parts == {
        "overhead": 7,
        "weights": sum(tensor.nbytes for tensor in weights),
        "averaged weights": sum(tensor.nbytes for tensor in weights),
        "gradients": sum(tensor.nbytes for tensor in gradients),
        "Adam's moments": sum(tensor.nbytes for tensor in moments),
        "activations": sum(tensor.nbytes for tensor in kept),
    }


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("widths", WIDTHS)
def test_the_layers_add_up_to_the_network(widths, batch_norm):
    network = GrowingMLP(widths, batch_norm=batch_norm)
    costs, parameters = network.costs(), network.parameter_count

    assert sum(cost.parameters for cost in costs) == sum(cost.gradients for cost in costs) == parameters
    assert sum(cost.adam_moments for cost in costs) == 2 * parameters
    assert [(cost.inputs, cost.outputs) for cost in costs] == list(pairwise([784, *widths, 10]))


def test_the_parts_of_the_memory_of_a_training():
    costs = GrowingMLP([3], batch_norm=False).costs()
    parameters = 784 * 3 + 3 + 3 * 10 + 10
    activations = 784 + 3 + 2 * 10

    parts = training_memory(costs, images=16, overhead=1000)

    assert [(part.part, part.formula, part.bytes) for part in parts] == [
        ("overhead", "measured before the training", 1000),
        ("weights", "4 P", 4 * parameters),
        ("averaged weights", "4 P", 4 * parameters),
        ("gradients", "4 P", 4 * parameters),
        ("Adam's moments", "8 P", 8 * parameters),
        ("activations", "4 A B", 4 * activations * 16),
    ]
