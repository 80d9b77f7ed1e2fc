"""The training of this project without Kedro."""

from collections.abc import Mapping
from typing import Any

import torch

from benchmarks.common import training as trainings
from benchmarks.speed.contestants import TUNED
from benchmarks.speed.race import Race
from mnist_growth.digits import Digits
from mnist_growth.network import predict_logits
from mnist_growth.training import Monitors, NoCheckpoints, TrainingSetup, TrainingState, batches_per_epoch

SETTINGS = "the recipe"
ORIGIN = "this project's recipe for the goal; each batch is converted and normalised when it is used, which is counted"
TUNING = TUNED


class Referee(Monitors, NoCheckpoints):
    """Stops the clock after the last batch of every epoch, before the validation, and keeps no checkpoints."""

    def __init__(self, race: Race, batches: int) -> None:
        super().__init__([])
        self.race, self.batches = race, batches

    def batch(self, batches_done: int) -> None:
        """Stop the clock when the last batch of the epoch is computed."""
        if batches_done == self.batches:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.race.pause()

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:  # noqa: ARG002
        """Let the race test the averaged network."""
        self.race.epoch(lambda images: predict_logits(state.average, images).argmax(axis=1))


def run(race: Race, seed: int, recipe: Mapping[str, Any]) -> None:
    """Train with a recipe: parameters as in the configuration, nested by group."""
    digits = Digits(race.digits.train_images, race.digits.train_labels, "race", "0" * 64)
    training = trainings.start(digits, {**recipe, "training": {**recipe["training"], "seed": seed}})
    referee = Referee(race, batches_per_epoch(len(training.data.train), recipe["training"]["batch_size"]))
    race.start()
    training.run(referee, referee)
