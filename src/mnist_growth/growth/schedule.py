"""Widths by a fixed schedule, or by a plan that lists them."""

from mnist_growth.growth.config import GrowthConfig
from mnist_growth.network import NetworkSpec


def scheduled_neurons(epoch: int, config: GrowthConfig) -> int:
    """Return the number of neurons of every group of units during an epoch.

    neurons(t) = min(initial_neurons + growth_rate * (t // growth_epochs), max_neurons)

    Args:
        epoch: Zero-based number t of the epoch.
        config: Initial width, growth rate (neurons per growth step), growth epochs (epochs between two growth steps)
            and largest width.
    """
    grown = config.initial_neurons + config.growth_rate * (epoch // config.growth_epochs)
    return min(grown, config.max_neurons)


def planned_widths(epoch: int, config: GrowthConfig, start: NetworkSpec) -> tuple[int, ...]:
    """Return the neurons of each group during an epoch, by ``config.plan``.

    Args:
        epoch: Zero-based number of the epoch.
        config: Contains the plan.
        start: Network at the start of training.

    Raises:
        ValueError: A stage has fewer widths than there are groups by then, a width decreases, or a new layer is
            incomplete.
    """
    widths = start.neurons
    for stage in config.plan:
        if stage.epoch <= epoch:
            widths = stage.widths(widths, start.groups_per_layer)
    return widths
