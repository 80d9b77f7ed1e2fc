"""Growing so that a training run costs a given fraction of what training the largest network would cost."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from mnist_growth.growth.config import GrowthConfig
from mnist_growth.network import NetworkSpec

BISECTION_STEPS = 60  # enough for the precision of a float64


def budgeted_neurons(epoch: int, config: GrowthConfig, spec: NetworkSpec, epochs: int) -> int:
    """Return the width of every group during an epoch, so that the training run meets its budget.

    Args:
        epoch: Zero-based number of the epoch.
        config: First width, growth rate, largest width, and ``budget_share``.
        spec: Spec of the network; its current widths do not matter.
        epochs: Length of the training run.
    """
    steps = _cached_growth_steps(config, spec.with_equal_widths(config.initial_neurons), epochs)
    return stage_widths(config)[sum(epoch >= step for step in steps)]


@cache
def _cached_growth_steps(config: GrowthConfig, spec: NetworkSpec, epochs: int) -> list[int]:
    """Return the epochs before which a network whose groups are equally wide grows."""
    costs = [spec.with_equal_widths(width).training_multiply_adds for width in stage_widths(config)]
    return epochs_of_growth_steps(costs, epochs, config.budget_share)


def stage_widths(config: GrowthConfig) -> list[int]:
    """Return the widths that a group goes through, from the first to the largest."""
    return [*range(config.initial_neurons, config.max_neurons, config.growth_rate), config.max_neurons]


def epochs_of_growth_steps(costs: Sequence[int], epochs: int, share: float) -> list[int]:
    """Return the epochs before which to grow, so that the training run costs at most a fraction of the largest width's.

    With growth steps at the times t, 2t, ..., Gt the cost is, in continuous time, sum_i c_i * (time at width i). It
    decreases with the spacing t; the t that meets the budget is found by bisection. Rounding all times down exceeds the
    budget, rounding all of them up stays below it. They therefore start rounded down and are rounded up one by one, the
    largest fractional part first, until the budget is met. The remainder is less than the difference between the costs
    of one epoch at two successive widths.

    If the budget is below the cost of the first width, it cannot be met; the network then never grows.

    Args:
        costs: Cost of one epoch at each width, increasing, in any unit.
        epochs: Length of the training run.
        share: Budget as a fraction of ``epochs * costs[-1]``, in (0, 1].

    Returns:
        Zero-based epochs, one for each growth step; ``epochs`` for steps that do not take place.
    """
    budget = share * epochs * costs[-1]
    shortest, longest = 0.0, float(epochs)
    for _ in range(BISECTION_STEPS):
        middle = (shortest + longest) / 2
        if _cost(costs, epochs, [step * middle for step in range(1, len(costs))]) > budget:
            shortest = middle
        else:
            longest = middle
    times = [min(step * longest, float(epochs)) for step in range(1, len(costs))]
    rounded = [int(time) for time in times]
    for index in sorted(range(len(times)), key=lambda i: int(times[i]) - times[i]):
        if _cost(costs, epochs, rounded) <= budget:
            break
        rounded[index] = min(rounded[index] + 1, epochs)
    return rounded


def _cost(costs: Sequence[int], epochs: int, times: Sequence[float]) -> float:
    """Return the cost of a training run that grows at these times; times after its end do not count."""
    cuts = [0.0, *(min(time, epochs) for time in times), float(epochs)]
    return sum(cost * (stop - start) for cost, (start, stop) in zip(costs, pairwise(cuts), strict=True))
