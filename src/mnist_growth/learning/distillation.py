"""Distillation: a network learns the probabilities of trained networks besides the labels."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from mnist_growth.config_model import ConfigModel
from mnist_growth.learning.choice import objective_for
from mnist_growth.learning.loss import CrossEntropy
from mnist_growth.learning.objective import Objective, ObjectiveFactory
from mnist_growth.network import Network


class DistillationConfig(ConfigModel):
    """How much a student follows its teachers."""

    weight: Annotated[float, Field(gt=0, le=1)]
    temperature: Annotated[float, Field(ge=0.1, le=100)]


class DistillationLoss:
    """(1 - a) CE(Y, softmax(Z)) + a T^2 KL(P, softmax(Z / T)): Hinton, Vinyals and Dean (2015), section 2.

    P is the mean of softmax(Z_t / T) over the teachers. The gradient with respect to the logits is
    (1 - a)(softmax(Z) - Y) + a T (softmax(Z / T) - P): the factor T^2 keeps the two terms comparable when the
    temperature changes.

    Args:
        teachers: One or more networks in evaluation mode, on the device of the student; they see the same images.
        config: Weight a and temperature T.
        cross_entropy: Of the student.
        dtype: Dtype of the matrix products of the teachers, by ``torch.autocast``; None for that of their weights.
    """

    def __init__(
        self,
        teachers: Sequence[Network],
        config: DistillationConfig,
        cross_entropy: CrossEntropy,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.teachers, self.config, self.cross_entropy = teachers, config, cross_entropy
        self._dtype = dtype

    @torch.no_grad()
    def __call__(self, logits: Tensor, labels: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return loss and gradient; see ``Loss``."""
        weight, temperature = self.config.weight, self.config.temperature
        hard_loss, gradient = self.cross_entropy(logits, labels, images)
        targets = self.targets(images).to(logits.dtype)
        logarithms = F.log_softmax(logits / temperature, dim=1)
        soft_loss = torch.xlogy(targets, targets).sum() - torch.dot(targets.flatten(), logarithms.flatten())
        gradient.mul_(1 - weight).add_(logarithms.exp_().sub_(targets), alpha=weight * temperature)
        return (1 - weight) * hard_loss + weight * temperature**2 * soft_loss, gradient

    def targets(self, images: Tensor) -> Tensor:
        """Return the mean probabilities P, float [N, C], that the teachers give to the classes of some images."""
        with torch.autocast(images.device.type, self._dtype, enabled=self._dtype is not None):
            logits = [teacher(images) for teacher in self.teachers]
        probabilities = [torch.softmax(each.to(self.teachers[0].dtype) / self.config.temperature, 1) for each in logits]
        return torch.stack(probabilities).mean(0)


def distillation_factory(teachers: Sequence[Network], config: DistillationConfig) -> ObjectiveFactory:
    """Return a factory of objectives with which networks learn from teachers.

    Args:
        teachers: One or more trained networks; they are not changed.
        config: Weight and temperature of what the teachers say.
    """
    return partial(_distilled, tuple(teachers), config)


def _distilled(
    teachers: Sequence[Network],
    config: DistillationConfig,
    network: Network,
    dtype: torch.dtype | None,
    label_smoothing: float,
) -> Objective:
    for teacher in teachers:
        if teacher.classes != network.classes:
            raise ValueError(
                f"The teacher knows {teacher.classes} classes and the network {network.classes}: choose a teacher that "
                "was trained on the same classes"
            )
    low = None if dtype == network.dtype else dtype
    watched = [teacher.eval().to(network.device) for teacher in teachers]
    loss = DistillationLoss(watched, config, CrossEntropy(network, label_smoothing), low)
    return objective_for(network, dtype, label_smoothing, loss)
