"""Learning rate and strength of the warps over the course of a training."""

import math
from typing import NamedTuple

from torch import Tensor

from mnist_growth.digits import WarpConfig
from mnist_growth.training.config import TrainingConfig


class Pace(NamedTuple):
    """Numbers of one update; scalar tensors where the update is recorded as a graph.

    Attributes:
        rate: Learning rate.
        newest_factor: Factor of the learning rate for the units added by the last growth step.
        warp_strength: Multiple of the strengths of the warps.
    """

    rate: float | Tensor
    newest_factor: float | Tensor = 1.0
    warp_strength: float | Tensor = 1.0


def learning_rate(epoch: float, config: TrainingConfig, start: int = 0) -> float:
    """Return the learning rate at a point of the training.

    During warm-up it rises linearly to ``config.learning_rate``. After it:

    - ``cosine``: falls to the floor along half a cosine until the last epoch (Loshchilov and Hutter 2017);
    - ``decay``: ``learning_rate * decay ** ((epoch - warmup) / patience)``, never below the floor.

    Args:
        epoch: Number of epochs completed, with the fraction of the current one.
        config: Peak rate, length of the training and schedule.
        start: Number of epochs completed before the schedule started.
    """
    schedule, epoch, epochs = config.learning_rate_schedule, epoch - start, config.epochs - start
    if epoch < schedule.warmup_epochs:
        return config.learning_rate * epoch / schedule.warmup_epochs
    since_warmup = epoch - schedule.warmup_epochs
    if schedule.schedule == "decay":
        return max(config.learning_rate * math.pow(schedule.decay, since_warmup / schedule.patience), schedule.floor)
    share = min(since_warmup / max(epochs - schedule.warmup_epochs, 1e-9), 1.0)
    return schedule.floor + (config.learning_rate - schedule.floor) * 0.5 * (1 + math.cos(math.pi * share))


def warp_strength(epoch: float, epochs: int, config: WarpConfig, start: int = 0) -> float:
    """Return the multiple of the strengths of the warps at a point of the training.

    1 until the share ``ease_from`` of the training, then linearly down to ``final_strength`` at its end: first the
    network sees how much images may vary, at last images that are close to those it is for.

    Args:
        epoch: Number of epochs completed, with the fraction of the current one.
        epochs: Length of the training.
        config: When the warps become weaker, and by how much.
        start: Number of epochs completed before the schedule started.
    """
    epoch, epochs = epoch - start, epochs - start
    begin = config.ease_from * epochs
    if config.ease_from == 1 or epoch <= begin:
        return 1.0
    share = min((epoch - begin) / (epochs - begin), 1.0)
    return 1.0 + share * (config.final_strength - 1.0)
