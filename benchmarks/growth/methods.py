"""The methods that the growth benchmark compares, and one training with one of them."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.base_parameters import base_with
from benchmarks.common.training import start
from mnist_growth.digits import Digits, DigitSet
from mnist_growth.growth import Stage
from mnist_growth.network import NetworkConfig, predict_logits
from mnist_growth.training import Monitors, NoCheckpoints, Training

FIXED, FIXED_FEWER, GROMO = "fixed", "fixed, fewer epochs", "gromo"
FIRST_LAYER_FIRST = "zero_fan_out, first layer first"
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
"""Growth parameters of each method of this project."""

METHODS = [FIXED, FIXED_FEWER, *GROWN, GROMO]
"""All methods in the order of the table."""

Predict = Callable[[NDArray[np.uint8]], NDArray[np.int64]]
Trained = tuple[Predict, dict[str, Any]]


def one_run(method: str, seed: int, recipe: Mapping[str, Any], digits: DigitSet) -> dict[str, Any]:
    """Train one network and test it.

    Args:
        method: One of `METHODS`.
        seed: Seed of the training.
        recipe: What all runs have in common.
        digits: Training and test digits.

    Returns:
        Results of the run, as values that JSON has.
    """
    training = training_for(method, seed, recipe, digits.train)
    started = time.perf_counter()
    predict, found = (train_gromo if method == GROMO else train_ours)(training)
    wall_seconds = time.perf_counter() - started
    accuracy = float(np.mean(predict(digits.test.images) == digits.test.labels))
    print(f"{method}, seed {seed}: {accuracy:.2%} in {wall_seconds:.0f} s", flush=True)
    return {
        "method": method,
        "seed": seed,
        "test_accuracy": accuracy,
        "validation_accuracy": found["curve"][-1][1],
        "multiply_adds": found["curve"][-1][0],
        "wall_seconds": round(wall_seconds, 2),
        "epochs": len(found["curve"]),
        "precision": "float32" if method == GROMO else training.setup.training.precision,
        **found,
    }


def train_ours(training: Training) -> Trained:
    """Train one network of this project."""
    state = training.state
    training.run(NoCheckpoints(), Monitors([]))
    return lambda images: predict_logits(state.average, images).argmax(axis=1), {
        "widths": list(state.network.widths),
        "growths": [[event.epoch, list(event.widths_after)] for event in state.events],
        "curve": [[record.multiply_adds, record.validation_accuracy] for record in state.records],
    }


def train_gromo(training: Training) -> Trained:
    """Train one network of gromo."""
    from benchmarks.growth.gromo import GromoTraining

    gromo = GromoTraining(training)
    gromo.run()
    return gromo.predict, {
        "widths": list(gromo.widths),
        "growths": [[epoch, list(widths)] for epoch, widths in gromo.growths],
        "curve": [list(point) for point in gromo.curve],
    }


def training_for(method: str, seed: int, recipe: Mapping[str, Any], digits: Digits) -> Training:
    """Combine the digits with the parameters of a method."""
    growth, training = dict(recipe["growth"]), {**recipe["training"], "seed": seed}
    growth |= {"trigger": "schedule", "plan": ()}
    if method in (FIXED, FIXED_FEWER):
        growth |= {"initial_neurons": growth["max_neurons"]}
    elif method == FIRST_LAYER_FIRST:
        growth |= {**GROWN[method], "trigger": "plan", "plan": first_layer_first(recipe)}
    else:
        growth |= {"trigger": "budget", "budget_share": recipe["share"], **GROWN.get(method, {})}
    if method == FIXED_FEWER:
        training |= {"epochs": max(1, round(recipe["share"] * training["epochs"]))}
    return start(digits, {**base_with(device="cpu"), **recipe, "growth": growth, "training": training})


def first_layer_first(recipe: Mapping[str, Any]) -> tuple[Stage, ...]:
    """Return a plan that spends the share of the multiply-adds.

    From the second epoch on, the first layer has three quarters of the largest width and the other layers half of it.
    The rest follows in one step, at the epoch at which the share is spent exactly.
    """
    first, last = recipe["growth"]["initial_neurons"], recipe["growth"]["max_neurons"]
    spec, epochs = NetworkConfig.model_validate(recipe["network"]).spec(first), recipe["training"]["epochs"]
    middle = tuple(max(first, last * quarters // 4) for quarters in (3, *[2] * (len(spec.widths) - 1)))
    stages = (spec, spec.with_widths(middle), spec.with_equal_widths(last))
    small, medium, large = (stage.training_multiply_adds for stage in stages)
    excess = small + (epochs - 1) * large - recipe["share"] * epochs * large
    return Stage(epoch=1, neurons=middle), Stage(epoch=1 + max(1, math.ceil(excess / (large - medium))), neurons=last)
