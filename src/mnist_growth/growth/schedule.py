"""When the network grows."""

from collections.abc import Sequence

from mnist_growth.growth.config import GrowthConfig


def scheduled_neurons(epoch: int, config: GrowthConfig) -> int:
    """Return the width of every group of units during an epoch.

    neurons(t) = min(initial + growth_rate * (t // growth_epochs), max)

    Args:
        epoch: Zero-based number t of the epoch.
        config: Initial width, growth rate (neurons), growth epochs and largest width.
    """
    grown = config.initial_neurons + config.growth_rate * (epoch // config.growth_epochs)
    return min(grown, config.max_neurons)


def planned_widths(epoch: int, config: GrowthConfig, start: Sequence[int]) -> tuple[int, ...]:
    """Return the width of each group during an epoch, by ``config.plan``.

    Args:
        epoch: Zero-based number of the epoch.
        config: Plan of the growth.
        start: Widths at the start of the training.

    Raises:
        ValueError: A stage has fewer widths than there are groups by then, or a width falls.
    """
    widths = tuple(start)
    for stage in config.plan:
        if stage.epoch <= epoch:
            widths = stage.widths(widths)
    return widths
