"""The default objective of a network."""

from typing import Literal

import torch

from mnist_growth import kernels
from mnist_growth.learning.autograd import Autograd
from mnist_growth.learning.backprop import Backprop
from mnist_growth.learning.loss import Loss
from mnist_growth.learning.margin import MarginLoss
from mnist_growth.learning.objective import Objective, ObjectiveFactory
from mnist_growth.network import Network

LossName = Literal["cross_entropy", "margin"]


def objective_for(
    network: Network, dtype: torch.dtype | None, label_smoothing: float, loss: Loss | None = None
) -> Objective:
    """Return the fastest objective that computes the loss of a network and its gradients.

    Args:
        network: In training mode, with contiguous parameters.
        dtype: Dtype of the matrix products; None for the dtype of the weights.
        label_smoothing: Fraction of the target probability that is spread evenly over all classes.
        loss: Of the logits; None for the cross-entropy.
    """
    if not Backprop.supports(network):
        return Autograd(network, dtype, label_smoothing, loss)
    if network.dtype == torch.float32 and kernels.are_usable(network.device):
        from mnist_growth.learning.backprop_kernels import BackpropKernels

        return BackpropKernels(network, dtype, label_smoothing, loss)
    return Backprop(network, dtype, label_smoothing, loss)


def objective_factory(loss: LossName) -> ObjectiveFactory:
    """Return the factory of the objectives that compute a loss of the labels."""
    return objective_for if loss == "cross_entropy" else _margin_objective


def _margin_objective(network: Network, dtype: torch.dtype | None, label_smoothing: float) -> Objective:
    return objective_for(network, dtype, label_smoothing, MarginLoss())
