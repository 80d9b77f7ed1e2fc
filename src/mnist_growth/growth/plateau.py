"""Growing when the validation loss stops decreasing."""

from collections.abc import Sequence

from mnist_growth.growth.config import GrowthConfig


def is_plateau(losses: Sequence[float], growth_steps: Sequence[int], epochs_left: int, config: GrowthConfig) -> bool:
    """Return whether the loss has stopped decreasing and a growth step can still help.

    The best loss of the last ``plateau_epochs`` is less than ``plateau_improvement`` (relative) below the best one
    before them; at least ``cooldown_epochs`` have passed since the last growth step, or since the start; and at least
    as many epochs remain for the new units to learn.

    Args:
        losses: Validation loss of each completed epoch.
        growth_steps: Zero-based numbers of the epochs before which the network grew.
        epochs_left: Number of epochs still to come.
        config: Thresholds.
    """
    since_last_step = len(losses) - max(growth_steps, default=0)
    if since_last_step < config.cooldown_epochs or epochs_left < config.cooldown_epochs:
        return False
    before, recent = losses[: -config.plateau_epochs], losses[-config.plateau_epochs :]
    if not before:
        return False
    return min(recent) > min(before) * (1 - config.plateau_improvement)
