"""The learning rate of every step."""

import math

from mnist_growth.training.config import TrainingConfig


def learning_rate(epoch: float, config: TrainingConfig) -> float:
    """Learning rate at a moment of the training.

    During warm-up it rises linearly to ``config.learning_rate``. After it:

    - ``cosine``: falls to the floor along half a cosine until the last epoch (Loshchilov and Hutter 2017);
    - ``decay``: ``learning_rate * decay ** ((epoch - warmup) / patience)``, never below the floor.

    Args:
        epoch: epochs done so far, with the fraction of the current one.
        config: peak rate, length of the training and schedule.
    """
    schedule = config.learning_rate_schedule
    if epoch < schedule.warmup_epochs:
        return config.learning_rate * epoch / schedule.warmup_epochs
    since_warmup = epoch - schedule.warmup_epochs
    if schedule.schedule == "decay":
        return max(config.learning_rate * math.pow(schedule.decay, since_warmup / schedule.patience), schedule.floor)
    share = min(since_warmup / max(config.epochs - schedule.warmup_epochs, 1e-9), 1.0)
    return schedule.floor + (config.learning_rate - schedule.floor) * 0.5 * (1 + math.cos(math.pi * share))
