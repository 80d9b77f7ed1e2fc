"""When the network grows: pure functions of the epoch, the history so far and the parameters.

A ``plan`` specifies both when and where the network grows: see ``planned_widths``. With the trigger ``budget``, such a
plan is made before the training starts: see ``plan_for_budget``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mnist_growth.growth.config import GrowthConfig
from mnist_growth.growth.placement import equal_width
from mnist_growth.growth.plateau import is_plateau
from mnist_growth.growth.schedule import scheduled_neurons
from mnist_growth.network import NetworkSpec


class EpochOutcome(Protocol):
    """What a trigger needs to know about a completed epoch."""

    @property
    def validation_loss(self) -> float:
        """Mean cross-entropy on the validation images."""

    @property
    def grew(self) -> bool:
        """Whether the network grew before this epoch."""


@dataclass(frozen=True)
class Moment:
    """The start of an epoch.

    Attributes:
        epoch: Zero-based number of the epoch: number of epochs completed.
        epochs: Length of the training run.
        spec: Current spec of the network.
        history: One outcome for each completed epoch.
    """

    epoch: int
    epochs: int
    spec: NetworkSpec
    history: Sequence[EpochOutcome]


def neurons_wanted(moment: Moment, config: GrowthConfig) -> int:
    """Return the width that every group should have from this epoch on; never less than the current one.

    If the groups differ in width, ``equal_width`` of the network counts as their width.

    - ``schedule``: the formula of ``scheduled_neurons``;
    - ``plateau``: ``growth_rate`` more when the validation loss has stopped decreasing (``is_plateau``).

    Args:
        moment: The start of an epoch.
        config: Trigger, rate and largest width.

    Raises:
        ValueError: The trigger is ``plan`` or ``budget``.
    """
    if config.trigger in ("plan", "budget"):
        raise ValueError(f"The trigger {config.trigger} decides before the training: use planned_widths")
    neurons = equal_width(moment.spec)
    if config.trigger == "schedule":
        wanted = scheduled_neurons(moment.epoch, config)
    elif is_plateau(
        losses=[outcome.validation_loss for outcome in moment.history],
        growth_steps=[epoch for epoch, outcome in enumerate(moment.history) if outcome.grew],
        epochs_left=moment.epochs - moment.epoch,
        config=config,
    ):
        wanted = min(neurons + config.growth_rate, config.max_neurons)
    else:
        wanted = neurons
    return max(wanted, neurons)
