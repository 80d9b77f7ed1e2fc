"""A training that benchmarks run without Kedro."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from benchmarks.common.base_parameters import from_base
from mnist_growth.digits import (
    Digits,
    PixelStatistics,
    SplitConfig,
    WarpConfig,
    pixel_statistics,
    stratified_split,
)
from mnist_growth.growth import GrowthConfig
from mnist_growth.machine import MemoryBudget, MemoryConfig
from mnist_growth.network import GrowingMLP, NetworkConfig
from mnist_growth.training import (
    Checkpoints,
    Monitor,
    TrainingConfig,
    TrainingData,
    TrainingSetup,
    TrainingState,
    split_fingerprint,
    train,
)


@dataclass(frozen=True)
class PreparedTraining:
    """A training that can begin, on the CPU.

    Attributes:
        setup: all parameters.
        data: digits and their split.
        budget: memory that may be used.
        pixels: mean and deviation of the training digits.
    """

    setup: TrainingSetup
    data: TrainingData
    budget: MemoryBudget
    pixels: PixelStatistics

    def begin(self, widths: Sequence[int] = (), run_id: str = "") -> TrainingState:
        """The state before the first step.

        Args:
            widths: of the network; those that the growth begins with if there are none.
            run_id: name of a tracked run.
        """
        seed = self.setup.training.seed
        network = GrowingMLP(
            widths or [self.setup.growth.initial_neurons] * len(self.setup.initial_spec.widths),
            batch_norm=self.setup.initial_spec.min_batch_size > 1,
            pixel_mean=self.pixels.mean,
            pixel_std=self.pixels.std,
            generator=torch.Generator().manual_seed(seed),
        )
        return TrainingState.begin(network, self.setup.training.weight_decay, seed, run_id)

    def train(self, state: TrainingState, checkpoints: Checkpoints, monitor: Monitor) -> None:
        """Train to the last epoch, in place."""
        train(state, self.data, self.setup, checkpoints, monitor, self.budget)


def prepare(
    digits: Digits,
    *,
    network: NetworkConfig,
    growth: GrowthConfig,
    training: TrainingConfig,
    warps: WarpConfig | None = None,
    split: SplitConfig | None = None,
) -> PreparedTraining:
    """Split and measure digits, and put them together with the parameters of a training."""
    parts = stratified_split(digits.labels, split or from_base(SplitConfig, "split"))
    budget = MemoryBudget(from_base(MemoryConfig, "memory").budget_fraction, torch.device("cpu"))
    setup = TrainingSetup(
        network=network,
        growth=growth,
        training=training,
        warps=warps or from_base(WarpConfig, "warps"),
        dataset=digits.dataset,
        fingerprint=digits.fingerprint,
        split=split_fingerprint(parts),
    )
    pixels = pixel_statistics(digits.images, parts.train)
    return PreparedTraining(setup, TrainingData.of(digits, parts, budget), budget, pixels)


class Unsaved:
    """Writes no checkpoints: a run is short enough to be repeated."""

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Ignore the state."""

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Ignore the end of an epoch."""
