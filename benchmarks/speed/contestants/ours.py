"""This project's own training, without Kedro around it."""

from collections.abc import Mapping
from typing import Any

import torch

from benchmarks.speed.race import Race
from mnist_growth.digits import Digits, SplitConfig, WarpConfig, pixel_statistics, stratified_split
from mnist_growth.growth import GrowthConfig
from mnist_growth.machine import MemoryBudget, MemoryConfig, choose_device, choose_precision, prepare_tf32
from mnist_growth.network import GrowingMLP, NetworkConfig, predict_logits
from mnist_growth.training import (
    Monitors,
    TrainingConfig,
    TrainingData,
    TrainingSetup,
    TrainingState,
    batches_per_epoch,
    split_fingerprint,
    train,
)

SETTINGS = "the recipe"
ORIGIN = "tuned: the recipe of this project for this goal"


class Referee(Monitors):
    """Stops the clock after the last batch of every epoch: validation is an evaluation too. Keeps no checkpoints."""

    def __init__(self, race: Race, batches: int) -> None:
        super().__init__([])
        self.race, self.batches = race, batches

    def batch(self, batches_done: int) -> None:
        """Stop the clock when the epoch's last batch is computed."""
        if batches_done == self.batches:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.race.pause()

    def save(self, state: TrainingState, _setup: TrainingSetup) -> None:
        """Forget the state."""

    def note_epoch(self, state: TrainingState, _setup: TrainingSetup) -> None:
        """Have the averaged network tested."""
        self.race.epoch(lambda images: predict_logits(state.average, images).argmax(axis=1))


def run(race: Race, seed: int, recipe: Mapping[str, Any]) -> None:
    """Train by a recipe: parameters as in ``conf/``, in groups."""
    digits = Digits(race.digits.train_images, race.digits.train_labels, "race", "0" * 64)
    split = stratified_split(digits.labels, SplitConfig(**recipe["split"]))
    pixels = pixel_statistics(digits.images, split.train)
    device = choose_device(recipe["device"])
    growth, network_config = GrowthConfig(**recipe["growth"]), NetworkConfig.model_validate(recipe["network"])
    network = GrowingMLP(
        network_config.spec(growth.initial_neurons).widths,
        batch_norm=network_config.spec(1).min_batch_size > 1,
        pixel_mean=pixels.mean,
        pixel_std=pixels.std,
        generator=torch.Generator().manual_seed(seed),
    ).to(device)
    training = TrainingConfig(**{**recipe["training"], "seed": seed})
    setup = TrainingSetup(
        network=network_config,
        growth=growth,
        training=training,
        warps=WarpConfig(**recipe["warps"]),
        dataset=digits.dataset,
        fingerprint=digits.fingerprint,
        split=split_fingerprint(split),
    ).with_precision(choose_precision(training.precision, device))
    prepare_tf32(setup.training.precision)
    state = TrainingState.begin(network, training.weight_decay, seed)
    budget = MemoryBudget(MemoryConfig(**recipe["memory"]).budget_fraction, device)
    data = TrainingData.of(digits, split, budget)
    referee = Referee(race, batches_per_epoch(len(data.train), training.batch_size))
    race.start()
    train(state, data, setup, referee, referee, budget)
