"""Growing when learning has slowed down."""

from collections.abc import Sequence

from mnist_growth.network.config import GrowthConfig


def is_plateau(losses: Sequence[float], growths: Sequence[int], epochs_left: int, config: GrowthConfig) -> bool:
    """Whether the loss has ceased to fall and a growth can still help.

    The best loss of the last ``plateau_epochs`` is less than ``plateau_improvement`` (relative) below the best one
    before them; at least ``cooldown_epochs`` have passed since the last growth, or since the start; and as many are
    left for the new units to learn in.

    Args:
        losses: validation loss of each epoch done.
        growths: zero-based numbers of the epochs before which the network grew.
        epochs_left: epochs still to come.
        config: thresholds.
    """
    since_growth = len(losses) - max(growths, default=0)
    if since_growth < config.cooldown_epochs or epochs_left < config.cooldown_epochs:
        return False
    before, recent = losses[: -config.plateau_epochs], losses[-config.plateau_epochs :]
    if not before:
        return False
    return min(recent) > min(before) * (1 - config.plateau_improvement)
