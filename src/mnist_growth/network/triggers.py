"""When the network grows: pure functions of the epoch, the history so far and the parameters.

A ``plan`` says at once when and where: see ``planned_widths``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mnist_growth.network.budget import budgeted_neurons
from mnist_growth.network.config import GrowthConfig
from mnist_growth.network.plateau import is_plateau
from mnist_growth.network.schedule import scheduled_neurons


class EpochOutcome(Protocol):
    """What a trigger wants to know of an epoch that is done."""

    @property
    def validation_loss(self) -> float:
        """Mean cross-entropy on the validation images."""

    @property
    def grew(self) -> bool:
        """Whether the network was widened before this epoch."""


@dataclass(frozen=True)
class Moment:
    """The start of an epoch.

    Attributes:
        epoch: zero-based number of the epoch; so many are done.
        epochs: length of the whole training.
        neurons: width of the hidden layers now; where they differ, that of equally wide ones that cost the same.
        hidden_layers: their number.
        history: one outcome for each epoch done.
    """

    epoch: int
    epochs: int
    neurons: int
    hidden_layers: int
    history: Sequence[EpochOutcome]


def neurons_wanted(moment: Moment, config: GrowthConfig) -> int:
    """Width that the hidden layers are to have from this epoch on; never below what they have.

    - ``schedule``: the formula of ``scheduled_neurons``;
    - ``plateau``: ``growth_rate`` more when the validation loss has ceased to fall (``is_plateau``);
    - ``budget``: evenly spaced growths that spend a share of the fixed network's multiply-adds (``budgeted_neurons``).

    Args:
        moment: the start of an epoch.
        config: trigger, rate and largest width.
    """
    if config.trigger == "schedule":
        wanted = scheduled_neurons(moment.epoch, config)
    elif config.trigger == "budget":
        wanted = budgeted_neurons(moment.epoch, config, moment.hidden_layers, moment.epochs)
    elif is_plateau(
        losses=[outcome.validation_loss for outcome in moment.history],
        growths=[epoch for epoch, outcome in enumerate(moment.history) if outcome.grew],
        epochs_left=moment.epochs - moment.epoch,
        config=config,
    ):
        wanted = min(moment.neurons + config.growth_rate, config.max_neurons)
    else:
        wanted = moment.neurons
    return max(wanted, moment.neurons)
