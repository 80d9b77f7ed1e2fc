"""When the network grows."""

from mnist_growth.network.config import GrowthConfig


def scheduled_neurons(epoch: int, config: GrowthConfig) -> int:
    """Width of every hidden layer during an epoch.

    neurons(t) = min(initial + growth_rate * (t // growth_epochs), max)

    Args:
        epoch: zero-based number t of the epoch.
        config: initial width, growth rate (neurons), growth epochs and largest width.
    """
    grown = config.initial_neurons + config.growth_rate * (epoch // config.growth_epochs)
    return min(grown, config.max_neurons)


def planned_widths(epoch: int, config: GrowthConfig, hidden_layers: int) -> tuple[int, ...]:
    """Width of each hidden layer during an epoch, by ``config.plan``.

    Args:
        epoch: zero-based number of the epoch.
        config: initial width and plan.
        hidden_layers: their number.

    Raises:
        ValueError: the plan is for a network of another number of layers.
    """
    begun = [stage.widths(hidden_layers) for stage in config.plan if stage.epoch <= epoch]
    return begun[-1] if begun else (config.initial_neurons,) * hidden_layers
