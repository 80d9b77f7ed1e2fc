"""Updates of a network of a given width, ready to be timed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from benchmarks.common import training as trainings
from benchmarks.common.base_parameters import base_with, from_base
from mnist_growth.network import PIXELS, NetworkConfig
from mnist_growth.training import batches_per_epoch
from mnist_growth.training.epoch import begin_epoch
from mnist_growth.training.growth import due_growth, grow
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.recorded_steps import RecordedSteps, recorded_on_gpu
from mnist_growth.training.step import TrainingStep
from mnist_growth.training.team import Team

IMAGES, HIDDEN_LAYERS = 20_480, 3
UPDATES_BETWEEN_GROWTHS = 3


@dataclass(frozen=True)
class Variant:
    """A kind of update.

    Attributes:
        width: Width of all hidden layers.
        batch: Number of images per update.
        precision: Number format of the matrix products.
        warps: Whether images are warped, with the default strengths.
        growths: Number of growths after which the width is reached.
    """

    width: int
    batch: int
    precision: str
    warps: bool
    growths: int

    @property
    def widths(self) -> list[int]:
        """Widths of the hidden layers."""
        return [self.width] * HIDDEN_LAYERS


class Steps:
    """A training on noise, in the middle of an epoch.

    Args:
        variant: Kind of update.
        device: Name of the device.
        team: The processes that train together; None for this one alone.
    """

    def __init__(self, variant: Variant, device: str = "cpu", team: Team | None = None) -> None:
        self.team = team or Team()
        portion = variant.width // 8
        parameters = base_with(
            device=device,
            memory={"budget_fraction": 1.0},
            network={"hidden_layers": HIDDEN_LAYERS},
            growth={
                "initial_neurons": variant.width - portion * variant.growths,
                "growth_rate": portion,
                "growth_epochs": 1,
                "max_neurons": variant.width,
            },
            training={"epochs": 1000, "batch_size": variant.batch, "precision": variant.precision},
            warps={"enabled": variant.warps},
        )
        self.training = trainings.start(trainings.noise(IMAGES), parameters)
        self.state = self.training.state
        self.step = self._made()
        for _ in range(variant.growths):
            self.run(UPDATES_BETWEEN_GROWTHS)
            self.state.epochs_done += 1
            target = due_growth(self.state, self.training.setup)
            if target is not None:
                grow(self.state, self.training.data, self.training.setup, target)
            self.step = self._made()
        if self.state.network.widths != tuple(variant.widths):
            raise RuntimeError(f"The network has grown to {self.state.network.widths}; expected {variant.widths}.")

    def run(self, updates: int) -> float:
        """Make at least some updates and return the mean time of one, in seconds."""
        progress, before = self.state.progress, self.state.updates
        self._wait()
        started = time.perf_counter()
        while self.state.updates < before + updates:
            if progress.batches == self.step.batches:
                progress.batches = 0
            self.step()
        self._wait()
        return (time.perf_counter() - started) / (self.state.updates - before)

    def _wait(self) -> None:
        """Wait until a GPU has done what it was given."""
        if self.state.device.type == "cuda":
            torch.cuda.synchronize()

    def _made(self) -> TrainingStep | RecordedSteps:
        """Return a step for the network as it is, at the beginning of an epoch."""
        training, config = self.training, self.training.setup.training
        network = self.state.network
        begin_epoch(self.state, training.data, grew=False, batch_size=training.setup.training.batch_size)
        batches = batches_per_epoch(len(training.data.train), config.batch_size)
        micro_batches = MicroBatches(config.batch_size, min_images=network.spec.min_batch_size, budget=training.budget)
        factory = self.team.distributed(training.objective)
        objective = factory(network, config.product_dtype, config.label_smoothing)
        return recorded_on_gpu(
            TrainingStep(self.state, training.data, training.setup, batches, micro_batches, objective, self.team)
        )


def executed_multiply_adds(widths: Sequence[int]) -> int:
    """Return the multiply-adds of one image in an update, without the gradient with respect to the pixels.

    Args:
        widths: Widths of the hidden layers.
    """
    spec = from_base(NetworkConfig, "network").spec(1).with_widths(widths)
    return spec.training_multiply_adds - PIXELS * widths[0]
