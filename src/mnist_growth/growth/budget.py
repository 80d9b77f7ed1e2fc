"""Spending a budget of multiply-adds: which widths, when to grow, and how many epochs."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from mnist_growth.growth.config import GrowthConfig, Stage
from mnist_growth.growth.scaling_law import MEASURED, ScalingLaw
from mnist_growth.network import NetworkSpec

WIDTH_STEP = 32
"""Difference between two widths that are considered."""

NARROW_SHARES = (0.25, 0.5, 0.75)
"""Shares of the epochs before growth that are considered; the law was measured up to the last one."""


@dataclass(frozen=True)
class BudgetPlan:
    """A training that spends a budget.

    Attributes:
        first: Units of each hidden layer at the start.
        last: Units of each hidden layer at the end.
        narrow_epochs: Epochs before growth; 0 if the network does not grow.
        epochs: All epochs.
        multiply_adds: Cost of the training.
        error: Validation error in percent that the scaling law predicts.
    """

    first: int
    last: int
    narrow_epochs: int
    epochs: int
    multiply_adds: int
    error: float

    def __str__(self) -> str:
        """Describe the plan in a few words."""
        if self.narrow_epochs == 0:
            return f"{self.last} neurons per hidden layer; growing would not pay"
        return f"{self.first} neurons per hidden layer, {self.last} from epoch {self.narrow_epochs + 1} on"

    def growth(self, config: GrowthConfig) -> GrowthConfig:
        """Return parameters of growth that carry out the plan.

        Args:
            config: All other parameters.
        """
        grows = self.narrow_epochs > 0
        return config.model_copy(
            update={
                "initial_neurons": self.first,
                "max_neurons": self.last,
                "trigger": "plan" if grows else "schedule",
                "plan": (Stage(epoch=self.narrow_epochs, neurons=self.last),) if grows else (),
            }
        )


def plan_for_budget(spec: NetworkSpec, config: GrowthConfig, images: int, budget: float) -> BudgetPlan:
    """Return the training with the smallest expected error that a budget pays for; see ``affordable_plans``.

    The network grows only where the law expects a smaller error than from any network of fixed width.

    Raises:
        ValueError: The budget does not pay for one epoch.
    """
    plans = affordable_plans(spec, config, images, budget)
    if not plans:
        one_epoch = images * spec.with_equal_neurons(config.initial_neurons).training_multiply_adds
        raise ValueError(
            f"Parameter 'growth.budget_multiply_adds' is {budget:.3g}, but one epoch with {config.initial_neurons} "
            f"neurons per hidden layer takes {one_epoch:.3g} multiply-adds; increase it, or decrease "
            "growth.initial_neurons."
        )
    return min(plans, key=lambda plan: plan.error)


def affordable_plans(
    spec: NetworkSpec, config: GrowthConfig, images: int, budget: float, law: ScalingLaw = MEASURED
) -> list[BudgetPlan]:
    """Return trainings that a budget pays for: those of one width, and those that grow once.

    Args:
        spec: Spec of the network; its current widths do not matter.
        config: Smallest and largest width.
        images: Number of training images.
        budget: Multiply-adds of all forward and backward passes of the training.
        law: Expected error.
    """
    cost = {
        width: images * spec.with_equal_neurons(width).training_multiply_adds
        for width in (*range(config.initial_neurons, config.max_neurons, WIDTH_STEP), config.max_neurons)
    }
    return [*_without_growth(cost, budget, images, law), *_with_growth(cost, budget, images, law)]


def _without_growth(cost: dict[int, int], budget: float, images: int, law: ScalingLaw) -> Iterator[BudgetPlan]:
    """Return one plan for each width of which the budget pays at least one epoch."""
    for width, one_epoch in cost.items():
        if epochs := int(budget // one_epoch):
            yield BudgetPlan(width, width, 0, epochs, epochs * one_epoch, law.error(width, epochs * images))


def _with_growth(cost: dict[int, int], budget: float, images: int, law: ScalingLaw) -> Iterator[BudgetPlan]:
    """Return plans that grow once, after a share of the epochs, rounded up; none that costs more than the budget."""
    for first, last in combinations(cost, 2):
        for share in NARROW_SHARES:
            epochs = int(budget / (share * cost[first] + (1 - share) * cost[last]))
            narrow = math.ceil(share * epochs)
            wide = epochs - narrow
            if narrow and wide:
                seen = (law.value(first) * narrow + wide) * images
                spent = narrow * cost[first] + wide * cost[last]
                yield BudgetPlan(first, last, narrow, epochs, spent, law.error(last, seen))
