"""Training a given network further: without growth, for a few epochs, at a falling learning rate."""

import copy
from dataclasses import dataclass, replace
from typing import TypeVar, cast

import numpy as np
import torch

from mnist_growth.compression.config import CompressConfig
from mnist_growth.digits import Digits, Split, WarpConfig, evenly_spread
from mnist_growth.growth import GrowthConfig, Probe, without_growth
from mnist_growth.learning import ObjectiveFactory
from mnist_growth.machine import choose_device
from mnist_growth.network import Network, NetworkConfig, TrainedNetwork
from mnist_growth.training import (
    Change,
    Machine,
    Monitor,
    NoCheckpoints,
    TrainingConfig,
    define_training,
    start_training,
)

_Network = TypeVar("_Network", bound=Network)


@dataclass(frozen=True)
class Rates:
    """How fast a training goes.

    Attributes:
        learning_rate: Largest learning rate.
        warmup_epochs: Length of its rise from 0.
        ema_decay: Share of the old average that is kept at each update of the averaged weights.
    """

    learning_rate: float
    warmup_epochs: float
    ema_decay: float


@dataclass(frozen=True)
class FineTuner:
    """Trains given networks on the same digits, with the same warps and batches as the training that made them.

    Attributes:
        digits: Training digits.
        split: Into training and validation part.
        network: Architecture in the parameters; that of the trained network counts.
        growth: Growth in the parameters; there is none here.
        training: Parameters of the training.
        warps: Random warps.
        config: Learning rate and averaging of the fine-tuning.
        machine: What it runs on.
        monitor: Receives every batch and epoch.
        teachers: Networks that teach besides the one that is compressed.
    """

    digits: Digits
    split: Split
    network: NetworkConfig
    growth: GrowthConfig
    training: TrainingConfig
    warps: WarpConfig
    config: CompressConfig
    machine: Machine
    monitor: Monitor
    teachers: tuple[TrainedNetwork, ...] = ()

    def __call__(
        self,
        network: _Network,
        epochs: int,
        objective: ObjectiveFactory | None = None,
        *,
        rates: Rates | None = None,
        before_epoch: Change | None = None,
    ) -> _Network:
        """Return the averaged weights of a network after some more epochs, in evaluation mode, on the CPU.

        The learning rate falls from its value to 0 along half a cosine. The order of the digits, the warps and the
        result depend only on the arguments and ``training.seed``.

        Args:
            network: It is not changed.
            epochs: At least 1.
            objective: Makes what computes the gradients; None for those of ``training.loss``.
            rates: Learning rate and averaging; None for those of the configuration.
            before_epoch: Changes the training before every epoch.
        """
        setup = define_training(
            self.digits,
            self.split,
            self.network,
            without_growth(self.growth),
            self._training(epochs, rates or Rates(self.config.learning_rate, 0.0, self.config.ema_decay)),
            self.warps,
        )
        given = copy.deepcopy(network).requires_grad_(True)
        training = start_training(
            setup, self.digits, self.split, network.pixels, self.machine, objective=objective, network=given
        )
        replace(training, before_epoch=before_epoch).run(NoCheckpoints(), self.monitor)
        return cast(_Network, training.state.average.to("cpu"))

    @property
    def device(self) -> torch.device:
        """Where networks are trained."""
        return choose_device(self.machine.device)

    def probe(self, device: torch.device) -> Probe:
        """Return ``config.calibration_digits`` training digits, evenly spaced, on a device."""
        return training_probe(self.digits, self.split, self.config.calibration_digits, device)

    def _training(self, epochs: int, rates: Rates) -> TrainingConfig:
        schedule = self.training.learning_rate_schedule.model_copy(
            update={"schedule": "cosine", "warmup_epochs": rates.warmup_epochs, "floor": 0.0}
        )
        return self.training.model_copy(
            update={
                "epochs": epochs,
                "learning_rate": rates.learning_rate,
                "learning_rate_schedule": schedule,
                "ema_decay": rates.ema_decay,
            }
        )


def training_probe(digits: Digits, split: Split, count: int, device: torch.device) -> Probe:
    """Return at most ``count`` digits of the training part, evenly spaced, on a device."""
    chosen = evenly_spread(split.train, count)
    images, labels = (np.ascontiguousarray(part[chosen]) for part in (digits.images, digits.labels))
    return Probe(torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device))
