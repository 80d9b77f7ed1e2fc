"""Updates of a network of a given width, made ready to be timed."""

import time
from dataclasses import dataclass

import torch

from benchmarks.common.base_parameters import from_base
from mnist_growth.digits import WarpConfig
from mnist_growth.growth import GrowthConfig
from mnist_growth.learning import objective_for
from mnist_growth.machine import MemoryBudget
from mnist_growth.network import PIXELS, GrowingMLP, MLPSpec, NetworkConfig
from mnist_growth.training import TrainingConfig, TrainingData, TrainingSetup, TrainingState
from mnist_growth.training.growth import due_growth, grow
from mnist_growth.training.micro_batch import MicroBatches
from mnist_growth.training.state import EpochProgress
from mnist_growth.training.step import TrainingStep

IMAGES, HIDDEN_LAYERS = 20_480, 3
UPDATES_BETWEEN_GROWTHS = 3


@dataclass(frozen=True)
class Variant:
    """A kind of update.

    Attributes:
        width: of all hidden layers.
        batch: images per update.
        precision: of the matrix products.
        warps: whether the images are warped, as strongly as by default.
        growths: after which the width was reached.
    """

    width: int
    batch: int
    precision: str
    warps: bool
    growths: int

    @property
    def widths(self) -> list[int]:
        """Of the hidden layers."""
        return [self.width] * HIDDEN_LAYERS


class Steps:
    """A training in the middle, on images of noise: what they show does not change how long an update takes."""

    def __init__(self, variant: Variant) -> None:
        generator = torch.Generator().manual_seed(0)
        portion = variant.width // 8
        growth = from_base(
            GrowthConfig,
            "growth",
            initial_neurons=variant.width - portion * variant.growths,
            growth_rate=portion,
            growth_epochs=1,
            max_neurons=variant.width,
        )
        training = from_base(
            TrainingConfig, "training", epochs=1000, batch_size=variant.batch, precision=variant.precision
        )
        self.setup = TrainingSetup(
            network=from_base(NetworkConfig, "network", hidden_layers=HIDDEN_LAYERS),
            growth=growth,
            training=training,
            warps=from_base(WarpConfig, "warps", enabled=variant.warps),
            dataset="noise",
            fingerprint="",
            split="",
        )
        self.data = TrainingData(
            images=torch.randint(0, 256, (IMAGES, 28, 28), dtype=torch.uint8, generator=generator),
            labels=torch.randint(0, 10, (IMAGES,), generator=generator),
            train=torch.arange(IMAGES),
            validation=torch.arange(IMAGES)[:1000],
        )
        network = GrowingMLP([growth.initial_neurons] * HIDDEN_LAYERS, generator=generator)
        self.state = TrainingState.begin(network, training.weight_decay, seed=0)
        self.step = self._made()
        for _ in range(variant.growths):
            self.run(UPDATES_BETWEEN_GROWTHS)
            self.state.epochs_done += 1
            target = due_growth(self.state, self.setup)
            if target is not None:
                grow(self.state, self.data, self.setup, target)
            self.step = self._made()
        if self.state.network.widths != tuple(variant.widths):
            raise RuntimeError(f"the network has grown to {self.state.network.widths}, not to {variant.widths}")

    def run(self, updates: int) -> float:
        """Make some updates and return the seconds of one, on average."""
        progress = self.state.progress
        started = time.perf_counter()
        for _ in range(updates):
            if progress.batches == self.step.batches:
                progress.batches = 0
            self.step()
        return (time.perf_counter() - started) / updates

    def _made(self) -> TrainingStep:
        """A step for the network as it is, at the beginning of an epoch."""
        batch = self.setup.training.batch_size
        self.state.progress = EpochProgress.none(self.state.device)
        self.state.progress.order = torch.randperm(IMAGES)
        micro_batches = MicroBatches(batch, min_images=2, budget=MemoryBudget(1.0, self.state.device))
        objective = objective_for(self.state.network, self.setup.training.product_dtype, 0.0)
        return TrainingStep(self.state, self.data, self.setup, IMAGES // batch, micro_batches, objective)


def executed_multiply_adds(widths: list[int]) -> int:
    """Multiply-adds of learning from one image without the gradient of the pixels, which is not computed."""
    return MLPSpec(hidden_widths=tuple(widths), batch_norm=True).training_multiply_adds - PIXELS * widths[0]
