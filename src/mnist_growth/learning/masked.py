"""Holding pruned weights at zero while the others are trained."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from mnist_growth.learning.objective import BatchResult, Objective, ObjectiveFactory
from mnist_growth.network import Network


class Masked:
    """Another objective, with a gradient of exactly zero for pruned weights.

    A weight that is zero and whose Adam moments are zero (``GrowingAdamW.forget``) then stays exactly zero: its update
    and its decay are zero, and so is its moving average if that starts at zero.

    Args:
        objective: Computes loss and gradients.
        network: Its network.
        masks: bool, by name of a parameter and of its shape: True where a weight is kept. Read at every update, so they
            may change in place.
    """

    def __init__(self, objective: Objective, network: Network, masks: Mapping[str, Tensor]) -> None:
        self.objective = objective
        self.masks = masks
        self._parameters = {name: network.get_parameter(name) for name in masks}

    def begin(self) -> None:
        """Begin an update; see ``Objective.begin``."""
        self.objective.begin()

    def add(self, images: Tensor, labels: Tensor, share: float = 1.0) -> BatchResult:
        """Add the gradient of the loss of some images; see ``Objective.add``."""
        return self.objective.add(images, labels, share)

    @torch.no_grad()
    def finish(self) -> None:
        """Complete the gradients, and set those of pruned weights to zero; see ``Objective.finish``."""
        self.objective.finish()
        for name, parameter in self._parameters.items():
            assert parameter.grad is not None
            parameter.grad.mul_(self.masks[name])

    def input_gradient(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the gradient with respect to the pixels; see ``Objective.input_gradient``."""
        return self.objective.input_gradient(images, labels)


def masked_factory(factory: ObjectiveFactory, masks: Mapping[str, Tensor]) -> ObjectiveFactory:
    """Return a factory of objectives that hold pruned weights at zero.

    Args:
        factory: Of the objectives that compute the gradients.
        masks: As those of ``Masked``.
    """
    return partial(_masked, factory, masks)


def _masked(
    factory: ObjectiveFactory,
    masks: Mapping[str, Tensor],
    network: Network,
    dtype: torch.dtype | None,
    label_smoothing: float,
) -> Objective:
    return Masked(factory(network, dtype, label_smoothing), network, masks)
