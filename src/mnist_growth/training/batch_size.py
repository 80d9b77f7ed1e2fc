"""The number of images of a batch over the course of a training."""

import copy
import math

import torch
from torch import Tensor

from mnist_growth.digits import warp
from mnist_growth.learning import ObjectiveFactory
from mnist_growth.training.setup import TrainingData, TrainingSetup
from mnist_growth.training.state import TrainingState

NOISE_BATCHES = 8
"""Batches whose gradients give the noise scale."""


def batch_size_of_epoch(
    state: TrainingState, data: TrainingData, setup: TrainingSetup, objective: ObjectiveFactory
) -> int:
    """Return the number of images of a batch in the next epoch.

    - ``fixed``: ``batch_size``;
    - ``steps``: that of the last step whose epoch has come;
    - ``noise_scale``: twice that of the epoch before if the gradient noise scale, times ``noise_share``, is at least as
      large, and ``max_batch_size`` and the training part allow it. At batch sizes far below the noise scale, twice the
      batch makes about twice the progress per update (McCandlish et al. 2018, section 2.2).

    The result is the same for the same state, so that a resumed training continues with it.

    Args:
        state: Between two epochs; it is not changed.
        data: Images and labels.
        setup: All parameters.
        objective: Makes what computes the gradients.
    """
    training = setup.training
    schedule = training.batch_size_schedule
    if schedule.schedule == "steps":
        sizes = [step.batch_size for step in schedule.steps if step.epoch <= state.epochs_done]
        return sizes[-1] if sizes else training.batch_size
    size = state.records[-1].batch_size if state.records else training.batch_size
    if schedule.schedule == "fixed" or not state.records:
        return size
    if 2 * size > min(schedule.max_batch_size, len(data.train)):
        return size
    scale = noise_scale(state, data, setup, objective)
    return 2 * size if scale * schedule.noise_share >= 2 * size else size


def noise_scale(state: TrainingState, data: TrainingData, setup: TrainingSetup, objective: ObjectiveFactory) -> float:
    """Return the simple noise scale B = tr(S) / |G|^2 of the gradient, in images (McCandlish et al. 2018, section 2.2).

    G is the gradient of the expected loss and S the covariance of the gradients of single images, both estimated
    without bias from the gradients of ``NOISE_BATCHES`` batches of ``training.batch_size`` warped images.

    Args:
        state: Between two epochs; it is not changed.
        data: The first batches of a random order of the training part are used.
        setup: Size of the batches and warps.
        objective: Makes what computes the gradients.

    Returns:
        Infinity if the estimate of |G|^2 is not positive.
    """
    generator = torch.Generator().manual_seed(state.updates)
    warps = torch.Generator(state.device).manual_seed(state.updates)
    order = data.train[torch.randperm(len(data.train), generator=generator)]
    size = min(setup.training.batch_size, len(order) // NOISE_BATCHES)
    network = copy.deepcopy(state.network)  # its running statistics change
    probe = objective(network, setup.training.product_dtype, setup.training.label_smoothing)
    squares, total = 0.0, [torch.zeros_like(parameter) for parameter in network.parameters()]
    for batch in torch.split(order[: NOISE_BATCHES * size], size):
        images, labels = data.batch(batch, state.device)
        probe.begin()
        probe.add(warp(images, setup.warps, warps), labels)
        probe.finish()
        gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
        squares += _squared_length(gradients)
        torch._foreach_add_(total, gradients)
    signal = (_squared_length(total) - squares) / (NOISE_BATCHES * (NOISE_BATCHES - 1))
    if signal <= 0:
        return math.inf
    return size * (squares / NOISE_BATCHES - signal) / signal


def _squared_length(tensors: list[Tensor]) -> float:
    return float(sum(tensor.double().square().sum() for tensor in tensors))
