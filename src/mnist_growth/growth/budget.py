"""Growing so that the whole training costs a given share of what the fixed network would cost."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from mnist_growth.growth.config import GrowthConfig
from mnist_growth.network import NetworkSpec

HALVINGS = 60  # of the interval in which the spacing lies: to the last bit of a float


def budgeted_neurons(epoch: int, config: GrowthConfig, spec: NetworkSpec, epochs: int) -> int:
    """Return the width of every group during an epoch, so that the training meets its budget.

    Args:
        epoch: Zero-based number of the epoch.
        config: First width, growth rate, largest width, and ``budget_share``.
        spec: Of the network; its present widths do not matter.
        epochs: Length of the training.
    """
    growths = _planned(config, spec.with_equal_widths(config.initial_neurons), epochs)
    return stage_widths(config)[sum(epoch >= growth for growth in growths)]


@cache
def _planned(config: GrowthConfig, spec: NetworkSpec, epochs: int) -> list[int]:
    """Return the epochs of ``growth_epochs`` for a network whose groups are equally wide."""
    costs = [spec.with_equal_widths(width).training_multiply_adds for width in stage_widths(config)]
    return growth_epochs(costs, epochs, config.budget_share)


def stage_widths(config: GrowthConfig) -> list[int]:
    """Return the widths that a group goes through, from the first to the largest."""
    return [*range(config.initial_neurons, config.max_neurons, config.growth_rate), config.max_neurons]


def growth_epochs(costs: Sequence[int], epochs: int, share: float) -> list[int]:
    """Return the epochs before which to grow, so that all epochs cost at most a share of as many at the largest width.

    With growths at the times t, 2t, ..., Gt the cost is, in continuous time, sum_i c_i * (time at width i), which
    falls as the spacing t rises: the t that meets the share is found by bisection. Rounding the times down costs more
    than the share and rounding them up less; they are rounded up one after another, those nearest to it first,
    until the share is met. What remains unspent is less than the step between two widths for one epoch.

    A share below what the first width costs cannot be met; the network then never grows.

    Args:
        costs: Of an epoch at each width, rising, in any unit.
        epochs: Length of the training.
        share: Of ``epochs * costs[-1]``, in (0, 1].

    Returns:
        Zero-based epochs, one for each growth; ``epochs`` for growths that do not take place.
    """
    budget = share * epochs * costs[-1]
    shortest, longest = 0.0, float(epochs)
    for _ in range(HALVINGS):
        middle = (shortest + longest) / 2
        if _cost(costs, epochs, [growth * middle for growth in range(1, len(costs))]) > budget:
            shortest = middle
        else:
            longest = middle
    times = [min(growth * longest, float(epochs)) for growth in range(1, len(costs))]
    growths = [int(time) for time in times]
    for growth in sorted(range(len(times)), key=lambda growth: growths[growth] - times[growth]):
        if _cost(costs, epochs, growths) <= budget:
            break
        growths[growth] = min(growths[growth] + 1, epochs)
    return growths


def _cost(costs: Sequence[int], epochs: int, times: Sequence[float]) -> float:
    """Return the cost of a training that grows at these times; times after its end do not count."""
    cuts = [0.0, *(min(time, epochs) for time in times), float(epochs)]
    return sum(cost * (stop - start) for cost, (start, stop) in zip(costs, pairwise(cuts), strict=True))
