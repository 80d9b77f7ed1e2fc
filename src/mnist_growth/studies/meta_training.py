"""Learning from the base classes: weights that MAML or Reptile learn, and an ordinary training."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mnist_growth.digits import Digits, Split, pixel_statistics
from mnist_growth.network import Network, build
from mnist_growth.studies.adaptation import maml_gradient, reptile_direction
from mnist_growth.studies.meta_config import MetaConfig
from mnist_growth.studies.tasks import TaskSampler
from mnist_growth.training import Machine, Monitors, NoCheckpoints, TrainingSetup, start_training


@dataclass(frozen=True)
class MetaTraining:
    """What a method learns from before it sees new classes.

    Attributes:
        config: Parameters of the methods.
        setup: Of an ordinary training on the base classes; it has the shape and the seed of all networks.
        digits: Of the base classes, with labels of their own.
        split: Of these digits into training and validation part.
        machine: What all of it runs on.
        device: Of tasks and networks.
    """

    config: MetaConfig
    setup: TrainingSetup
    digits: Digits
    split: Split
    machine: Machine
    device: torch.device

    def network(self) -> Network:
        """Return a network with random weights and one logit for each class of a task."""
        spec = self.setup.initial_spec.with_classes(self.config.ways)
        pixels = pixel_statistics(self.digits.images, self.split.train)
        return build(spec, pixels, torch.Generator().manual_seed(self.setup.training.seed)).to(self.device).eval()

    def pretrained(self) -> Network:
        """Return a network that has learned to tell the base classes apart."""
        pixels = pixel_statistics(self.digits.images, self.split.train)
        training = start_training(self.setup, self.digits, self.split, pixels, self.machine)
        training.run(NoCheckpoints(), Monitors([]))
        return training.trained().network.to(self.device).eval()

    def maml(self, network: Network, shots: int, *, second_order: bool) -> dict[str, Tensor]:
        """Return initial parameters that MAML has learned; see ``maml_gradient``.

        Args:
            network: Has the first values.
            shots: Labelled images of each class of a task.
            second_order: Whether the derivatives of the steps of adaptation are included.

        Raises:
            ValueError: There are too few classes or images.
            FloatingPointError: The loss is not finite.
        """
        config, sampler = self.config.maml, self._sampler()
        start = parameters_of(network)
        optimizer = torch.optim.Adam(start.values(), lr=config.learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.updates)
        for update in range(config.updates):
            tasks = sampler.sample(config.tasks_per_update, shots, self.config.queries)
            gradients, loss = maml_gradient(
                network, start, tasks, config.train.steps, config.train.rate, second_order=second_order
            )
            _check_finite(loss, update)
            for name, value in start.items():
                value.grad = gradients[name]
            optimizer.step()
            schedule.step()
        return start

    def reptile(self, network: Network) -> dict[str, Tensor]:
        """Return initial parameters that Reptile has learned; see ``reptile_direction``.

        Args:
            network: Has the first values.

        Raises:
            ValueError: There are too few classes or images.
            FloatingPointError: The parameters are not finite.
        """
        config, sampler = self.config.reptile, self._sampler()
        start, steps, ways = parameters_of(network), config.train.steps, self.config.ways
        labels = torch.arange(ways, device=self.device).repeat_interleave(config.shots)
        for update in range(config.updates):
            images = sampler.sample(config.tasks_per_update, steps * config.shots, 0).support
            batches = images.reshape(-1, ways, steps, config.shots, *images.shape[2:]).transpose(1, 2).flatten(2, 3)
            direction = reptile_direction(network, start, batches, labels, config.train.rate)
            _check_finite(torch.stack([change.sum() for change in direction.values()]).sum(), update)
            size = config.step_size * (1 - update / config.updates)
            start = {name: value + size * direction[name] for name, value in start.items()}
        return start

    def _sampler(self) -> TaskSampler:
        """Return what draws tasks from the training part."""
        digits = self.digits
        generator = np.random.default_rng(self.setup.training.seed)
        return TaskSampler(digits, self.split.train, self.config.ways, self.device, generator)


def parameters_of(module: nn.Module) -> dict[str, Tensor]:
    """Return copies of the parameters of a module, by name."""
    return {name: parameter.detach().clone() for name, parameter in module.named_parameters()}


def _check_finite(value: Tensor, update: int) -> None:
    """Refuse to go on with parameters that are not finite.

    Raises:
        FloatingPointError: The value is not.
    """
    if not math.isfinite(value.item()):
        raise FloatingPointError(f"Meta-training diverged at update {update + 1}; set smaller learning rates")
