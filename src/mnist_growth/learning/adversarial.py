"""Training on adversarial examples: images that are changed so that the network errs on them."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from mnist_growth.config_model import ConfigModel
from mnist_growth.learning.objective import BatchResult, Objective, ObjectiveFactory
from mnist_growth.learning.sharding import Shard, Sharding
from mnist_growth.learning.wrapped import Wrapped
from mnist_growth.network import Network
from mnist_growth.network.interface import PIXEL_RANGE


class AdversarialConfig(ConfigModel):
    """Adversarial examples of the training; ``epsilon`` 0 trains on the images as they are."""

    epsilon: Annotated[float, Field(ge=0, le=1)]
    steps: Annotated[int, Field(ge=1, le=100)]
    step_size: Annotated[float, Field(gt=0, le=10)]
    clean_share: Annotated[float, Field(ge=0, lt=1)]


class Adversarial(Wrapped):
    """Another objective on adversarial examples of its images.

    The attack is projected gradient ascent on the loss in the L-infinity norm from a random start (Madry et al.,
    "Towards deep learning models resistant to adversarial attacks", ICLR 2018, section 2.1). With one step it is the
    fast adversarial training of Wong, Rice and Kolter ("Fast is better than free", ICLR 2020, algorithm 3). Loss and
    number of correct answers are those on the changed images.

    Args:
        objective: Computes loss and gradients, and attacks the network as it is at the moment.
        config: Size of the perturbations.
        generator: Draws the random starts, on the device of the network.
        sharding: Which images of a micro-batch this process computes; None for all of them. The starts of all images
            are drawn in every process, so that they do not depend on the number of processes.
    """

    def __init__(
        self,
        objective: Objective,
        config: AdversarialConfig,
        generator: torch.Generator,
        sharding: Sharding | None = None,
    ) -> None:
        super().__init__(objective)
        self.config = config
        self.generator = generator
        self.sharding = sharding

    def add(self, images: Tensor, labels: Tensor, share: float = 1.0) -> BatchResult:
        """Add the gradient of the loss of adversarial examples; see ``Objective.add``."""
        return self.objective.add(self.perturbed(images, labels), labels, share)

    @torch.no_grad()
    def perturbed(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return images of which all but the first ``clean_share`` are replaced by adversarial examples.

        Args:
            images: uint8 or float [N, 28, 28] on the 0-255 scale; they are not changed.
            labels: int64 [N].

        Returns:
            Float [N, 28, 28] on the 0-255 scale.
        """
        images = images if images.is_floating_point() else images.float()
        count = len(images)
        shard = self.sharding.shard if self.sharding else Shard(0, count, count, is_last=False)
        clean_of_all = round(self.config.clean_share * shard.images)
        clean = min(max(clean_of_all - shard.start, 0), count)
        radius = PIXEL_RANGE * self.config.epsilon
        changes = images.new_empty(shard.images - clean_of_all, *images.shape[1:])
        changes.uniform_(-radius, radius, generator=self.generator)
        first = shard.start + clean - clean_of_all
        attacked = self._attacked(images[clean:], labels[clean:], changes[first : first + count - clean])
        return torch.cat([images[:clean], attacked]) if clean else attacked

    def _attacked(self, images: Tensor, labels: Tensor, changes: Tensor) -> Tensor:
        """Return an adversarial example of each image; it starts at the changes, which are overwritten."""
        radius, step = PIXEL_RANGE * self.config.epsilon, PIXEL_RANGE * self.config.step_size
        lowest, highest = (images - radius).clamp_(min=0), (images + radius).clamp_(max=PIXEL_RANGE)
        adversarial = changes.add_(images).clamp_(0, PIXEL_RANGE)
        for _ in range(self.config.steps):
            adversarial.add_(self.objective.input_gradient(adversarial, labels).sign_(), alpha=step)
            torch.clamp(adversarial, lowest, highest, out=adversarial)
        return adversarial


def adversarial_factory(
    factory: ObjectiveFactory,
    config: AdversarialConfig,
    generator: torch.Generator,
    sharding: Sharding | None = None,
) -> ObjectiveFactory:
    """Return a factory of objectives on adversarial examples, or the given one if ``epsilon`` is 0.

    Args:
        factory: Of the objectives that compute the gradients.
        config: Size of the perturbations.
        generator: Draws the random starts, on the device of the networks.
        sharding: As that of ``Adversarial``.
    """
    return partial(_adversarial, factory, config, generator, sharding) if config.epsilon > 0 else factory


def _adversarial(
    factory: Callable[..., Objective],
    config: AdversarialConfig,
    generator: torch.Generator,
    sharding: Sharding | None,
    network: Network,
    dtype: torch.dtype | None,
    label_smoothing: float,
) -> Objective:
    return Adversarial(factory(network, dtype, label_smoothing), config, generator, sharding)
