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
