"""Learning a task by a few gradient steps, and learning where these steps start from.

Parameters are tensors by name, so that a step gives new ones and leaves the network as it is. Networks are in
evaluation mode: batch norm uses its running statistics, so that the answer to a query does not depend on the others.
"""

from collections.abc import Iterable, Mapping
from itertools import repeat

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, grad_and_value, vmap

from mnist_growth.studies.tasks import Tasks

Parameters = Mapping[str, Tensor]
"""Tensors by the names of the parameters of a module."""

_CHUNK = 25  # tasks that are adapted to at the same time, each with parameters of its own


def loss_of(module: nn.Module, parameters: Parameters, inputs: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of a module with other parameters.

    Args:
        module: In evaluation mode; it returns logits, and is not changed.
        parameters: Used instead of its own.
        inputs: Of the module, [N, ...].
        labels: int64 [N].
    """
    return F.cross_entropy(functional_call(module, dict(parameters), (inputs,)), labels)


def adapted(
    module: nn.Module, parameters: Parameters, batches: Iterable[Tensor], labels: Tensor, rate: float
) -> dict[str, Tensor]:
    """Return parameters after one step of gradient descent for each batch; derivatives can be taken through it.

    Args:
        module: As for ``loss_of``.
        parameters: At the start.
        batches: Inputs of each step, [N, ...].
        labels: Of every batch, int64 [N].
        rate: Learning rate.
    """
    current = dict(parameters)
    for inputs in batches:
        gradients = grad(loss_of, argnums=1)(module, current, inputs, labels)
        current = {name: value - rate * gradients[name] for name, value in current.items()}
    return current


def maml_gradient(
    module: nn.Module, parameters: Parameters, tasks: Tasks, steps: int, rate: float, *, second_order: bool
) -> tuple[dict[str, Tensor], Tensor]:
    """Return the gradient of the loss after adaptation, and that loss; both are means over tasks.

    MAML (Finn et al. 2017, algorithm 2) differentiates the loss L of the queries through the steps of adaptation,
    d L(theta'(theta)) / d theta. To first order (section 5.2) it takes d L(theta') / d theta' instead.

    Args:
        module: As for ``loss_of``.
        parameters: Start of the adaptation, theta.
        tasks: Each is adapted to by ``steps`` steps on its support.
        steps: Number of steps.
        rate: Learning rate of the steps.
        second_order: Whether the derivatives of the steps are included.
    """

    def after_adaptation(start: Parameters, support: Tensor, queries: Tensor) -> Tensor:
        end = adapted(module, start, repeat(support, steps), tasks.support_labels, rate)
        return loss_of(module, end, queries, tasks.query_labels)

    def mean_loss(start: Parameters) -> Tensor:
        losses: Tensor = vmap(after_adaptation, in_dims=(None, 0, 0))(start, tasks.support, tasks.queries)
        return losses.mean()

    if second_order:
        gradients, loss = grad_and_value(mean_loss)(dict(parameters))
        return gradients, loss
    ends = vmap(lambda support: adapted(module, parameters, repeat(support, steps), tasks.support_labels, rate))(
        tasks.support
    )
    each = vmap(grad_and_value(lambda end, queries: loss_of(module, end, queries, tasks.query_labels)))
    gradients, losses = each(ends, tasks.queries)
    return {name: gradient.mean(0) for name, gradient in gradients.items()}, losses.mean()


def reptile_direction(
    module: nn.Module, parameters: Parameters, batches: Tensor, labels: Tensor, rate: float
) -> dict[str, Tensor]:
    """Return the mean over tasks of the parameters after adaptation, minus those before.

    Reptile (Nichol et al. 2018, algorithm 2) moves the parameters by a part of it.

    Args:
        module: As for ``loss_of``.
        parameters: Start of the adaptation.
        batches: Inputs of each task and step, [T, S, N, ...].
        labels: Of every batch, int64 [N].
        rate: Learning rate of the steps.
    """
    ends = vmap(lambda steps: adapted(module, parameters, steps.unbind(0), labels, rate))(batches)
    return {name: ends[name].mean(0) - start for name, start in parameters.items()}


@torch.no_grad()
def accuracies_after_steps(module: nn.Module, parameters: Parameters, tasks: Tasks, steps: int, rate: float) -> Tensor:
    """Return the share of the queries of each task that are classified correctly after adaptation, float64 [T].

    Args:
        module: As for ``loss_of``.
        parameters: Start of the adaptation.
        tasks: Each is adapted to by ``steps`` steps on its support.
        steps: Number of steps.
        rate: Learning rate of the steps.
    """

    def predicted(support: Tensor, queries: Tensor) -> Tensor:
        end = adapted(module, parameters, repeat(support, steps), tasks.support_labels, rate)
        answers: Tensor = functional_call(module, end, (queries,)).argmax(1)
        return answers

    predictions = [vmap(predicted)(chunk.support, chunk.queries) for chunk in tasks.chunks(_CHUNK)]
    return accuracies(torch.cat(predictions), tasks)


def accuracies_of_centroids(tasks: Tasks) -> Tensor:
    """Return the accuracy of each task if a query gets the class whose mean is nearest, float64 [T].

    This is the classification of prototypical networks (Snell et al. 2017, equations 1 and 2, with the squared
    Euclidean distance).

    Args:
        tasks: Of features.
    """
    count, _, size = tasks.support.shape
    centroids = tasks.support.reshape(count, tasks.ways, -1, size).mean(2)
    return accuracies(torch.cdist(tasks.queries, centroids).argmin(2), tasks)


def accuracies(predictions: Tensor, tasks: Tasks) -> Tensor:
    """Return the share of the predictions, int64 [T, N Q], that are correct in each task, float64 [T]."""
    return (predictions == tasks.query_labels).double().mean(1)
