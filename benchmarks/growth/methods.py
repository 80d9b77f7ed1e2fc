"""The methods that the benchmark of growth compares, and one training of one of them."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.paths import PROJECT
from benchmarks.common.training import PreparedTraining, prepare
from mnist_growth.digits import Digits, DigitSet, SplitConfig, WarpConfig
from mnist_growth.hooks import git_commit
from mnist_growth.network import GrowthConfig, NetworkConfig, Stage, predict_logits, training_multiply_adds
from mnist_growth.training import Monitors, TrainingConfig, TrainingSetup, TrainingState

FIXED, FIXED_FEWER, GROMO = "fixed", "fixed, fewer epochs", "gromo"
FIRST_LAYER_FIRST = "zero_fan_out, first layer first"
Predict = Callable[[NDArray[np.uint8]], NDArray[np.int64]]
Trained = tuple[Predict, dict[str, Any]]
GROWN: dict[str, dict[str, str]] = {
    FIRST_LAYER_FIRST: {"operator": "zero_fan_out"},
    "zero_fan_out": {"operator": "zero_fan_out"},
    "net2net_split": {"operator": "net2net_split"},
    "paired": {"operator": "paired"},
    "gradient_directed": {"operator": "gradient_directed"},
    "random": {"operator": "random"},
    "zero_fan_out, largest gain": {"operator": "zero_fan_out", "where": "largest_gain"},
    "zero_fan_out, plateau": {"operator": "zero_fan_out", "trigger": "plateau"},
}


class Unsaved:
    """No checkpoints: a run of the benchmark is short enough to be done again."""

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Forget the state."""

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Nothing is kept of it."""


def one_run(method: str, seed: int, recipe: Mapping[str, Any], digits: DigitSet) -> dict[str, Any]:
    """Train one network and test it."""
    prepared = prepared_for(method, seed, recipe, digits.train)
    started = time.perf_counter()
    predict, found = (train_gromo if method == GROMO else train_ours)(prepared)
    wall_seconds = time.perf_counter() - started
    accuracy = float(np.mean(predict(digits.test.images) == digits.test.labels))
    print(f"{method}, seed {seed}: {accuracy:.2%} in {wall_seconds:.0f} s", flush=True)
    return {
        "method": method,
        "seed": seed,
        "commit": git_commit(PROJECT),
        "test_accuracy": accuracy,
        "validation_accuracy": found["curve"][-1][1],
        "multiply_adds": found["curve"][-1][0],
        "wall_seconds": round(wall_seconds, 2),
        "epochs": len(found["curve"]),
        **found,
    }


def train_ours(prepared: PreparedTraining) -> Trained:
    """Train one network of this project."""
    state = prepared.begin()
    prepared.train(state, Unsaved(), Monitors([]))
    return lambda images: predict_logits(state.average, images).argmax(axis=1), {
        "widths": list(state.network.widths),
        "growths": [[event.epoch, list(event.widths_after)] for event in state.events],
        "curve": [[record.multiply_adds, record.validation_accuracy] for record in state.records],
    }


def train_gromo(prepared: PreparedTraining) -> Trained:
    """Train one network of gromo."""
    from benchmarks.growth.gromo import GromoTraining

    training = GromoTraining(prepared)
    training.run()
    return training.predict, {
        "widths": list(training.widths),
        "growths": [[epoch, list(widths)] for epoch, widths in training.growths],
        "curve": [list(point) for point in training.curve],
    }


def prepared_for(method: str, seed: int, recipe: Mapping[str, Any], digits: Digits) -> PreparedTraining:
    """The digits with the parameters of a method."""
    growth, training = dict(recipe["growth"]), {**recipe["training"], "seed": seed}
    growth |= {"trigger": "schedule", "plan": ()}
    if method in (FIXED, FIXED_FEWER):
        growth |= {"initial_neurons": growth["max_neurons"]}
    elif method == FIRST_LAYER_FIRST:
        plan = first_layer_first(recipe)
        growth |= {**GROWN[method], "trigger": "plan", "plan": plan}
    else:
        growth |= {"trigger": "budget", "budget_share": recipe["share"], **GROWN.get(method, {})}
    if method == FIXED_FEWER:
        training |= {"epochs": max(1, round(recipe["share"] * training["epochs"]))}
    return prepare(
        digits,
        network=NetworkConfig(**recipe["network"]),
        growth=GrowthConfig(**growth),
        training=TrainingConfig(**training),
        warps=WarpConfig(**recipe["warps"]),
        split=SplitConfig(**recipe["split"]),
    )


def first_layer_first(recipe: Mapping[str, Any]) -> tuple[Stage, ...]:
    """A plan that spends the share: after one epoch wide, the first layer most of all; later to the end in one step.

    From the second epoch on the first layer has three quarters of the largest width and the others half of it, as long
    as the budget asks for.
    """
    first, last = recipe["growth"]["initial_neurons"], recipe["growth"]["max_neurons"]
    layers, epochs = recipe["network"]["hidden_layers"], recipe["training"]["epochs"]
    middle = tuple(max(first, last * quarters // 4) for quarters in (3, *[2] * (layers - 1)))
    small, medium, large = (training_multiply_adds(widths) for widths in ([first] * layers, middle, [last] * layers))
    excess = small + (epochs - 1) * large - recipe["share"] * epochs * large
    return Stage(epoch=1, neurons=middle), Stage(epoch=1 + max(1, math.ceil(excess / (large - medium))), neurons=last)
