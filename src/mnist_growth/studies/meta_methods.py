"""Methods of few-shot learning: what is learned from the base classes, and how a task is then learned.

- ``scratch``: gradient descent on the support, from random weights; nothing is learned from the base classes.
- ``linear``: gradient descent of a linear classifier on the features of a network that was trained on the base classes.
- ``centroids``: the nearest class mean of these features.
- ``reptile``, ``maml_first_order``, ``maml``: gradient descent on the support, from weights that were meta-trained so
  that few steps suffice.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from mnist_growth.network import Network
from mnist_growth.studies.adaptation import accuracies_after_steps, accuracies_of_centroids
from mnist_growth.studies.meta_config import AdaptationConfig, MethodName
from mnist_growth.studies.meta_training import MetaTraining, parameters_of
from mnist_growth.studies.outputs import outputs
from mnist_growth.studies.tasks import Tasks

Learner = Callable[[Tasks], Tensor]
"""Learns each task from its support, and returns the accuracy on its queries, float64 [T]."""

_EACH_SHOTS: frozenset[MethodName] = frozenset({"maml", "maml_first_order"})


def learners(method: MethodName, training: MetaTraining) -> dict[int, Learner]:
    """Learn from the base classes, and return what learns tasks with each number of shots.

    MAML is trained on tasks with as many shots. The other methods learn once for all.

    Args:
        method: See the module.
        training: The base classes.

    Raises:
        ValueError: There are too few classes or images, or the network has no features that the method needs.
        FloatingPointError: A training has diverged.
    """
    shots = training.config.shots
    if method in _EACH_SHOTS:
        return {each: _learner(method, training, each) for each in shots}
    return dict.fromkeys(shots, _learner(method, training, shots[0]))


def _learner(method: MethodName, training: MetaTraining, shots: int) -> Learner:
    config = training.config
    if method == "centroids":
        return _on_features(training.pretrained(), accuracies_of_centroids)
    if method == "linear":
        return _on_features(training.pretrained(), _linear(config.linear))
    network = training.network()
    if method == "scratch":
        return _steps(network, parameters_of(network), config.scratch)
    if method == "reptile":
        return _steps(network, training.reptile(network), config.reptile.adapt)
    start = training.maml(network, shots, second_order=method == "maml")
    return _steps(network, start, config.maml.adapt)


def _steps(module: nn.Module, start: dict[str, Tensor], adaptation: AdaptationConfig) -> Learner:
    """Return what learns by gradient descent."""
    return lambda tasks: accuracies_after_steps(module, start, tasks, adaptation.steps, adaptation.rate)


def _linear(adaptation: AdaptationConfig) -> Learner:
    """Return what learns a linear classifier of features, by gradient descent from zero."""

    def learn(tasks: Tasks) -> Tensor:
        head = nn.Linear(tasks.support.shape[2], tasks.ways, device=tasks.support.device)
        zeros = {name: torch.zeros_like(value) for name, value in parameters_of(head).items()}
        return _steps(head, zeros, adaptation)(tasks)

    return learn


def _on_features(network: Network, learner: Learner) -> Learner:
    """Return what learns from the features of a network instead of images."""

    def features(images: Tensor) -> Tensor:
        _, found = outputs(network, images.flatten(0, 1).cpu().numpy(), with_features=True)
        return torch.from_numpy(found).to(images.device).reshape(*images.shape[:2], -1)

    return lambda tasks: learner(Tasks(features(tasks.support), features(tasks.queries), tasks.ways))
