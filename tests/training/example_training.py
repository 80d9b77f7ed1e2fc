"""A small training: its data, its setup, and how to begin it."""

import torch

import configured
from bar_digits import make_digits
from mnist_growth.digits import PixelStatistics, stratified_split
from mnist_growth.machine import MemoryBudget
from mnist_growth.training import (
    Machine,
    TrainingData,
    TrainingState,
    define_training,
    start_training,
)

PIXELS = PixelStatistics(mean=0.1307, std=0.3081, count=180)


class Training:
    """A small training: its data, its setup, and how to begin it."""

    def __init__(self, device="cpu", digits=None, **changes):
        digits = digits or make_digits()
        split = stratified_split(digits.labels, configured.split(validation_fraction=0.25))
        training = {
            "epochs": 3,
            "precision": "float32",
            "batch_size": 40,
            "learning_rate": 5e-3,
            "learning_rate_schedule": {"warmup_epochs": 0.5},
            **changes.pop("training", {}),
        }
        growth = {
            "initial_neurons": 6,
            "growth_rate": 3,
            "growth_epochs": 1,
            "max_neurons": 10,
            **changes.pop("growth", {}),
        }
        network = {"hidden_layers": 2, "batch_norm": True, **changes.pop("network", {})}
        warps = changes.pop("warps", {})
        assert not changes
        self.digits, self.split = digits, split
        self.machine = Machine(device, 1, 1.0)
        self.setup = define_training(
            digits,
            split,
            network=configured.network(**network),
            growth=configured.growth(**growth),
            training=configured.training(**training),
            warps=configured.warps(**warps),
        )
        self.budget = MemoryBudget(1.0, torch.device(device))
        self.data = TrainingData.of(digits, split, self.budget)

    def begin(self, dtype=torch.float32):
        network = start_training(self.setup, self.digits, self.split, PIXELS, self.machine).state.network.to(dtype)
        training = self.setup.training
        return TrainingState.begin(network, training.weight_decay, training.seed, "run-1")
