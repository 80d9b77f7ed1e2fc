"""Adaptation and meta-gradients against differences, hand-written updates and scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestCentroid
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from mnist_growth.digits import PixelStatistics
from mnist_growth.learning import Autograd
from mnist_growth.network import MLPSpec, build
from mnist_growth.studies.adaptation import (
    accuracies_after_steps,
    accuracies_of_centroids,
    adapted,
    loss_of,
    maml_gradient,
    reptile_direction,
)
from mnist_growth.studies.meta_training import parameters_of
from mnist_growth.studies.tasks import Tasks

RATE = 0.1


@pytest.fixture
def network():
    spec = MLPSpec(hidden_widths=(5, 4), batch_norm=False).with_classes(2)
    return build(spec, PixelStatistics(0.5, 0.3, 1), torch.Generator().manual_seed(0)).double().eval()


@pytest.fixture
def tasks():
    generator = torch.Generator().manual_seed(1)

    def images(count):
        return torch.randint(0, 256, (3, 2 * count, 28, 28), generator=generator, dtype=torch.uint8)

    return Tasks(images(2), images(3), ways=2)


def by_hand(network, task, steps):
    """Loss of the queries of a task after some steps, as a function of the start, without torch.func."""

    def loss(*start):
        names = [name for name, _ in network.named_parameters()]
        current = list(start)
        for images in [task.support[0]] * steps:
            value = loss_of(network, dict(zip(names, current, strict=True)), images, task.support_labels)
            gradients = torch.autograd.grad(value, current, create_graph=True)
            current = [each - RATE * gradient for each, gradient in zip(current, gradients, strict=True)]
        return loss_of(network, dict(zip(names, current, strict=True)), task.queries[0], task.query_labels)

    return loss


def test_the_second_order_gradient_equals_differences_of_the_loss_after_adaptation(network, tasks):
    start = parameters_of(network)
    gradients, loss = maml_gradient(network, start, tasks, 2, RATE, second_order=True)

    generator = torch.Generator().manual_seed(2)
    noise = {name: torch.randn(value.shape, generator=generator).double() for name, value in start.items()}
    for direction in (unit(gradients), unit(noise)):

        def moved(step, direction=direction):
            there = {name: value + step * direction[name] for name, value in start.items()}
            return maml_gradient(network, there, tasks, 2, RATE, second_order=True)[1]

        slope = (moved(1e-7) - moved(-1e-7)) / 2e-7
        expected = sum((gradients[name] * direction[name]).sum() for name in start)
        assert float(slope) == pytest.approx(float(expected), rel=1e-4)
    leaves = [value.clone().requires_grad_() for value in start.values()]
    by_task = [by_hand(network, task, 2)(*leaves) for task in tasks.chunks(1)]
    assert float(loss) == pytest.approx(sum(each.item() for each in by_task) / 3, rel=1e-12)


def test_the_first_order_gradient_lacks_the_product_with_the_hessian_of_the_support(network, tasks):
    [task, *_] = tasks.chunks(1)
    start = parameters_of(network)
    first, _ = maml_gradient(network, start, task, 1, RATE, second_order=False)
    second, _ = maml_gradient(network, start, task, 1, RATE, second_order=True)

    def support_loss(*values):
        return loss_of(network, dict(zip(start, values, strict=True)), task.support[0], task.support_labels)

    _, products = torch.autograd.functional.hvp(support_loss, tuple(start.values()), tuple(first.values()))
    for name, product in zip(start, products, strict=True):
        assert torch.allclose(second[name], first[name] - RATE * product, atol=1e-12)
    assert max(float(product.abs().max()) for product in products) > 1e-3


@pytest.mark.parametrize("second_order", [False, True])
def test_without_adaptation_the_gradient_is_that_of_ordinary_training(network, tasks, second_order):
    gradients, _ = maml_gradient(network, parameters_of(network), tasks, 0, RATE, second_order=second_order)

    ordinary = ordinary_gradient(network, tasks.queries.flatten(0, 1), tasks.query_labels.repeat(3))
    assert all(torch.allclose(gradients[name], ordinary[name], atol=1e-12) for name in ordinary)


def test_reptile_with_one_step_is_gradient_descent_on_all_tasks(network, tasks):
    direction = reptile_direction(
        network, parameters_of(network), tasks.support.unsqueeze(1), tasks.support_labels, RATE
    )

    ordinary = ordinary_gradient(network, tasks.support.flatten(0, 1), tasks.support_labels.repeat(3))
    assert all(torch.allclose(direction[name], -RATE * ordinary[name], atol=1e-12) for name in ordinary)


def test_steps_of_adaptation_are_those_of_stochastic_gradient_descent(network, tasks):
    batches, labels, start = tasks.support, tasks.support_labels, parameters_of(network)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    for images in batches:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()

    end = adapted(network, start, batches.unbind(0), labels, RATE)

    assert all(torch.allclose(end[name], value, atol=1e-12) for name, value in network.named_parameters())
    [change] = [reptile_direction(network, start, batches.unsqueeze(0), labels, RATE)]
    assert all(torch.allclose(change[name], end[name] - start[name], atol=1e-12) for name in start)


def test_each_task_is_learned_from_the_same_start(network, tasks, monkeypatch):
    monkeypatch.setattr("mnist_growth.studies.adaptation._CHUNK", 2)
    start = parameters_of(network)

    found = accuracies_after_steps(network, start, tasks, 3, RATE)

    expected = []
    for task in tasks.chunks(1):
        end = adapted(network, start, [task.support[0]] * 3, task.support_labels, RATE)
        vector_to_parameters(parameters_to_vector(end.values()), network.parameters())
        expected.append((network(task.queries[0]).argmax(1) == task.query_labels).double().mean())
    assert found.tolist() == pytest.approx([float(each) for each in expected])
    assert len(set(found.tolist())) > 1


def test_centroids_answer_like_those_of_scikit_learn():
    generator = torch.Generator().manual_seed(3)
    tasks = Tasks(torch.randn(4, 9, 6, generator=generator), torch.randn(4, 30, 6, generator=generator), ways=3)

    found = accuracies_of_centroids(tasks)

    support, queries = tasks.support_labels.numpy(), tasks.query_labels.numpy()
    for number, accuracy in enumerate(found.tolist()):
        reference = NearestCentroid().fit(tasks.support[number].numpy(), support)
        assert accuracy == pytest.approx(np.mean(reference.predict(tasks.queries[number].numpy()) == queries))
    assert len(set(found.tolist())) > 1


def unit(direction):
    """A direction in the space of the parameters, of length 1."""
    length = parameters_to_vector(direction.values()).norm()
    return {name: value / length for name, value in direction.items()}


def ordinary_gradient(network, images, labels):
    objective = Autograd(network)
    objective.begin()
    objective.add(images, labels)
    objective.finish()
    return {name: parameter.grad.clone() for name, parameter in network.named_parameters()}
