"""The processes that train a network together: one, unless the training is distributed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor

from mnist_growth.learning import BatchResult, ObjectiveFactory, Sharding
from mnist_growth.machine import Pending, ProcessGroup
from mnist_growth.training.history import GrowthEvent
from mnist_growth.training.setup import TrainingSetup
from mnist_growth.training.state import TrainingState

T = TypeVar("T")


@dataclass(frozen=True)
class Requests:
    """What happens after the current update.

    Attributes:
        signal: Signal that ends the training; None without one.
        checkpoint: Whether a checkpoint is due.
        shrink: Whether memory is scarce, so that micro-batches must become smaller.
    """

    signal: int | None = None
    checkpoint: bool = False
    shrink: bool = False


class Exchange:
    """Loss, accuracy and requests of a batch, being summed over processes.

    Attributes:
        values: float64 vector.
        pending: Its sum.
    """

    def __init__(self, values: Tensor, pending: Pending) -> None:
        self.values, self.pending = values, pending


class Team:
    """One process, which decides alone; ``ProcessTeam`` does the same for several.

    Attributes:
        requests: What this process asks for; given before an update.
        agreed: What the processes agreed to do after the latest update.
        sharding: Divides micro-batches among processes; None for one process.
        processes: The processes; None for one.
    """

    sharding: Sharding | None = None
    processes: ProcessGroup | None = None

    def __init__(self) -> None:
        self.requests = self.agreed = Requests()

    def min_images(self, of_network: int) -> int:
        """Return the smallest micro-batch of all processes together.

        Args:
            of_network: As ``NetworkSpec.min_batch_size``.
        """
        return of_network

    def distributed(self, factory: ObjectiveFactory) -> ObjectiveFactory:
        """Return a factory of objectives whose gradients are those of the images of all processes."""
        return factory

    def start_exchange(self, result: BatchResult) -> Exchange | None:  # noqa: ARG002
        """Begin to sum loss and accuracy of the images of each process; None for one process."""
        return None

    def finish_exchange(self, result: BatchResult, exchange: Exchange | None) -> BatchResult:  # noqa: ARG002
        """Return loss and accuracy of the whole batch, and set ``agreed``."""
        return result

    def decide(self, choose: Callable[[], T]) -> T:
        """Return what the main process chooses."""
        return choose()

    def grow(
        self,
        state: TrainingState,  # noqa: ARG002
        setup: TrainingSetup,  # noqa: ARG002
        grow: Callable[[], GrowthEvent | None],
    ) -> GrowthEvent | None:
        """Grow the network once, so that all processes have the same.

        Args:
            state: Of this process; it is changed in place.
            setup: All parameters.
            grow: Grows the state of the main process.
        """
        return grow()

    def finish_epoch(self, state: TrainingState, finish: Callable[[], None]) -> None:  # noqa: ARG002
        """Finish an epoch once, so that all processes have the same history.

        Args:
            state: Of this process; it is changed in place.
            finish: Validates, and finishes the epoch of the main process.
        """
        finish()
