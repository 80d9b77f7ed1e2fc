"""The methods that the growth benchmark compares at equal multiply-adds, and one training with one of them."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.base_parameters import base_with
from benchmarks.common.training import start
from mnist_growth.digits import Digits, DigitSet, SplitConfig, stratified_split
from mnist_growth.growth import BudgetPlan, GrowthConfig, affordable_plans
from mnist_growth.growth.scaling_law import MEASURED
from mnist_growth.machine import DeviceName
from mnist_growth.network import NetworkConfig, NetworkSpec, predict_logits
from mnist_growth.training import Monitors, NoCheckpoints, Training

FIXED, BUDGET, GROMO = "fixed", "trigger budget", "gromo"
NARROWER: dict[str, int] = {f"fixed, {width} neurons": width for width in (128, 192, 256, 384, 512, 1024)}
"""Width of each network that is narrower than the largest width, and trains for more epochs."""

GROWN: dict[str, str] = {
    "grown": "zero_fan_out",
    "grown, net2net_split": "net2net_split",
    "grown, paired": "paired",
    "grown, gradient_directed": "gradient_directed",
    "grown, random": "random",
}
"""Operator of each method that grows to the largest width by the plan with the smallest expected error."""

OTHER_OPERATORS = tuple(GROWN)[1:]
"""Methods that differ from ``grown`` in the operator only."""

GIVEN: dict[str, tuple[float, float]] = {
    "grown from a half": (1 / 2, 1 / 2),
    "grown from a quarter": (1 / 4, 3 / 4),
}
"""Share of the largest width at the start, and share of the epochs before growth, of each method with a given plan."""

METHODS = [FIXED, *NARROWER, *GROWN, *GIVEN, BUDGET, GROMO]
"""All methods in the order of the table.

``fixed`` has the largest width from the start. The growing ones end with it, by the plan with the smallest expected
error or by a given plan. ``trigger budget`` chooses among all plans.
"""

BUDGETS = {512: (3, 5, 8, 13, 20, 26), 2048: (2, 3, 5, 8, 13, 20, 26)}
"""Budgets of each largest width, in epochs of that width."""

Predict = Callable[[NDArray[np.uint8]], NDArray[np.int64]]
Trained = tuple[Predict, dict[str, Any]]


def one_run(
    method: str,
    seed: int,
    recipe: Mapping[str, Any],
    digits: DigitSet,
    *,
    device: DeviceName = "cpu",
    threads: int | None = None,
) -> dict[str, Any]:
    """Train one network and test it.

    Args:
        method: One of `METHODS`.
        seed: Seed of the training.
        recipe: What all runs have in common.
        digits: Training and test digits.
        device: Name of the device; gromo always trains on the CPU.
        threads: Number of threads; None: as many as the processor has.

    Returns:
        Results of the run, as values that JSON has.
    """
    on = {"device": "cpu" if method == GROMO else device, "threads": threads}
    training = training_for(method, seed, recipe, digits.train, on)
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
        "device": training.state.device.type,
        **found,
    }


def train_ours(training: Training) -> Trained:
    """Train one network of this project."""
    state = training.state
    training.run(NoCheckpoints(), Monitors([]))
    return lambda images: predict_logits(state.average, images).argmax(axis=1), {
        "first_widths": list(training.setup.initial_spec.widths),
        "widths": list(state.network.widths),
        "growths": [[event.epoch, list(event.widths_after)] for event in state.events],
        "curve": [[record.multiply_adds, record.validation_accuracy] for record in state.records],
    }


def train_gromo(training: Training) -> Trained:
    """Train one network of gromo."""
    from benchmarks.growth.gromo import GromoTraining

    gromo = GromoTraining(training)
    first = list(gromo.widths)
    gromo.run()
    return gromo.predict, {
        "first_widths": first,
        "widths": list(gromo.widths),
        "growths": [[epoch, list(widths)] for epoch, widths in gromo.growths],
        "curve": [list(point) for point in gromo.curve],
    }


def training_for(
    method: str, seed: int, recipe: Mapping[str, Any], digits: Digits, on: Mapping[str, Any] | None = None
) -> Training:
    """Combine the digits with the parameters of a method.

    Args:
        method: One of `METHODS`.
        seed: Seed of the training.
        recipe: What all runs have in common.
        digits: Training digits.
        on: Parameters ``device`` and ``threads``; None for the CPU.
    """
    training = {**recipe["training"], "epochs": recipe["budget_epochs"], "seed": seed}
    growth = {**recipe["growth"], "trigger": "schedule", "plan": (), "operator": GROWN.get(method, "zero_fan_out")}
    config = GrowthConfig.model_validate(growth)
    spec = NetworkConfig.model_validate(recipe["network"]).spec(config.max_neurons)
    spec = spec.with_classes(len(digits.class_names))
    images = len(stratified_split(digits.labels, SplitConfig.model_validate(recipe["split"])).train)
    budget = recipe["budget_epochs"] * images * spec.training_multiply_adds
    if method == BUDGET:
        growth |= {"trigger": "budget", "budget_multiply_adds": budget}
    else:
        plan = (
            given_plan(spec, images, budget, *GIVEN[method])
            if method in GIVEN
            else best_plan(method, affordable_plans(spec, config, images, budget), config.max_neurons)
        )
        growth = plan.growth(config).model_dump()
        training |= {"epochs": plan.epochs}
    parameters = base_with(**(on or {"device": "cpu"}))
    return start(digits, {**parameters, **recipe, "growth": growth, "training": training})


def best_plan(method: str, plans: list[BudgetPlan], largest: int) -> BudgetPlan:
    """Return the plan with the smallest expected error among those that a method may choose.

    Args:
        method: One of `METHODS`, without the trigger.
        plans: All that the budget pays for.
        largest: Largest width.

    Raises:
        ValueError: There is none.
    """
    last, grows = NARROWER.get(method, largest), method != FIXED and method not in NARROWER
    kept = [plan for plan in plans if plan.last == last and (plan.narrow_epochs > 0) == grows]
    if not kept:
        raise ValueError(f"No plan for {method!r} with at most {largest} neurons fits the budget")
    return min(kept, key=lambda plan: plan.error)


def given_plan(spec: NetworkSpec, images: int, budget: float, width_share: float, narrow_share: float) -> BudgetPlan:
    """Return the plan that grows once from a given width, after about a given share of the epochs.

    The epochs after growth are rounded down, and those before growth spend the rest: they are the cheap ones.

    Args:
        spec: Spec of the network with the largest width.
        images: Number of training images.
        budget: Multiply-adds of the training.
        width_share: First width as a share of the largest one.
        narrow_share: Share of the epochs before growth.

    Raises:
        ValueError: The budget does not cover one epoch with each width.
    """
    last = max(spec.widths)
    first = round(width_share * last)
    narrow_cost = images * spec.with_equal_neurons(first).training_multiply_adds
    wide_cost = images * spec.training_multiply_adds
    epochs = budget / (narrow_share * narrow_cost + (1 - narrow_share) * wide_cost)
    wide = int((1 - narrow_share) * epochs)
    narrow = int((budget - wide * wide_cost) // narrow_cost)
    if wide == 0 or narrow == 0:
        raise ValueError(f"The budget does not cover one epoch with {first} and one with {last} neurons")
    passes = MEASURED.value(first) * narrow + wide
    spent = narrow * narrow_cost + wide * wide_cost
    return BudgetPlan(first, last, narrow, narrow + wide, spent, MEASURED.error(last, passes * images))
