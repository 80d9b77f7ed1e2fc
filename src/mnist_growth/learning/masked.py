"""Holding pruned weights at zero while the others are trained."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from mnist_growth.learning.objective import Objective, ObjectiveFactory
from mnist_growth.learning.wrapped import Wrapped
from mnist_growth.network import Network


class Masked(Wrapped):
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
        super().__init__(objective)
        self.masks = masks
        self._parameters = {name: network.get_parameter(name) for name in masks}

    @torch.no_grad()
    def finish(self) -> None:
        """Complete the gradients, and set those of pruned weights to zero; see ``Objective.finish``."""
        super().finish()
        for name, parameter in self._parameters.items():
            assert parameter.grad is not None
            parameter.grad.mul_(self.masks[name])


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
