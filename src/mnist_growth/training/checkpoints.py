"""What a training does with its state."""

from typing import Protocol

from mnist_growth.training.setup import TrainingSetup
from mnist_growth.training.state import TrainingState


class Checkpoints(Protocol):
    """Receives the state of a training."""

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Keep the state, so that the training can continue from it."""

    def note_start(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Receive the state at the start, or at the checkpoint that the training continues from."""

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Receive the state after an epoch."""

    def note_growth(self, state: TrainingState, setup: TrainingSetup, *, is_done: bool) -> None:
        """Receive the state just before a growth, and just after it, when it ``is_done``."""


class NoCheckpoints:
    """Keeps nothing: for trainings that are short or are measured."""

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Keep nothing."""

    def note_start(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Keep nothing."""

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Keep nothing."""

    def note_growth(self, state: TrainingState, setup: TrainingSetup, *, is_done: bool) -> None:
        """Keep nothing."""
