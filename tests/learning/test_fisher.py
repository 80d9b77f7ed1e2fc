"""The diagonal of the Fisher information is that of its definition."""

import pytest
import torch
import torch.nn.functional as F

from mnist_growth.learning import fisher_diagonal
from mnist_growth.network import GrowingMLP

IMAGES = torch.randint(0, 256, (6, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
ALL = torch.ones(4, dtype=torch.bool)


def make(*, batch_norm=False):
    network = GrowingMLP([5, 3], classes=4, batch_norm=batch_norm, generator=torch.Generator().manual_seed(1)).double()
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):  # no unit is exactly at the kink of relu
            torch.nn.init.uniform_(parameter, 0.1, 0.5, generator=torch.Generator().manual_seed(2))
    if batch_norm:
        for _ in range(3):  # running statistics that are not the initial ones
            network.train()(IMAGES)
    return network


def log_probability(network, image, label, classes=ALL):
    return F.log_softmax(network(image[None]).masked_fill(~classes, -torch.inf), 1)[0, label]


def by_autograd(network, classes):
    """The mean over images and answers of the squared gradients, one by one."""
    total = {name: torch.zeros_like(parameter) for name, parameter in network.named_parameters()}
    for image in IMAGES:
        for label in classes.nonzero().flatten():
            gradients = torch.autograd.grad(log_probability(network, image, label, classes), network.parameters())
            share = log_probability(network, image, label, classes).exp().detach() / len(IMAGES)
            for name, gradient in zip(total, gradients, strict=True):
                total[name] += share * gradient.square()
    return total


def test_it_is_the_mean_square_of_finite_differences_of_the_log_likelihood():
    network, step = make().eval(), 1e-5
    found = fisher_diagonal(network, IMAGES, ALL)
    positions = {"hidden.0.linear.weight": (2, 400), "hidden.1.linear.bias": (1,), "output.weight": (3, 0)}
    for name, position in positions.items():
        parameter, expected = network.get_parameter(name).detach(), 0.0
        for image in IMAGES:
            for label in range(4):
                with torch.no_grad():
                    probability = log_probability(network, image, label).exp()
                    parameter[position] += step
                    above = log_probability(network, image, label)
                    parameter[position] -= 2 * step
                    below = log_probability(network, image, label)
                    parameter[position] += step
                expected += float(probability * ((above - below) / (2 * step)) ** 2) / len(IMAGES)
        assert float(found[name][position]) == pytest.approx(expected, rel=1e-5)
        assert expected > 0


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("has_formula", [True, False])
def test_formula_and_single_gradients_agree_with_autograd(batch_norm, has_formula, monkeypatch):
    network = make(batch_norm=batch_norm).eval()
    classes = torch.tensor([True, False, True, True])
    monkeypatch.setattr("mnist_growth.learning.fisher.has_vector_layers", lambda _: has_formula)
    monkeypatch.setattr("mnist_growth.learning.fisher._CHUNK", 4)
    monkeypatch.setattr("mnist_growth.learning.fisher._EXAMPLES", 4)

    found = fisher_diagonal(network, IMAGES, classes)

    expected = by_autograd(network, classes)
    assert found.keys() == expected.keys()
    assert all(torch.allclose(found[name], expected[name], rtol=1e-9, atol=0) for name in expected)
    assert not found["output.bias"][1]  # of the class that is not possible


def test_the_network_is_left_as_it_was():
    network = make(batch_norm=True).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    fisher_diagonal(network, IMAGES, ALL)

    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert network.training
    assert all(parameter.grad is None for parameter in network.parameters())
