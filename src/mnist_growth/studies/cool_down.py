"""A training that grows, the trunk, and copies that leave it and are cooled down.

The trunk has a constant learning rate. That of a copy falls to 0 and its warps become weaker. The trunk is not changed
by it, so all members share its work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mnist_growth.digits import WarpConfig
from mnist_growth.growth import without_growth
from mnist_growth.network import TrainedNetwork, load_network, save_network, save_tensors
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.trial import Trial
from mnist_growth.training import (
    Checkpoint,
    Machine,
    NoCheckpoints,
    Training,
    TrainingSetup,
    TrainingState,
    branch_training,
    contents,
)


class Stages(NoCheckpoints):
    """Keeps the state of the trunk at its last epoch of each width.

    Args:
        folder: Of the checkpoints.
        epochs: Number of epochs at each width.
    """

    def __init__(self, folder: Path, epochs: int) -> None:
        self.folder, self._epochs = folder, epochs

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Save a checkpoint at the last epoch of a width.

        Raises:
            OSError: The folder cannot be written to, or the disk is full.
        """
        if state.epochs_done % self._epochs == 0:
            save_tensors(self.path(state.epochs_done), "checkpoint", *contents(state, setup))

    def path(self, epochs: int) -> Path:
        """Return the checkpoint after a number of epochs."""
        return self.folder / f"epochs-{epochs:05d}.safetensors"

    def newest(self) -> Path | None:
        """Return the newest checkpoint; None if there is none."""
        return max(self.folder.glob("epochs-*.safetensors"), default=None)


@dataclass(frozen=True)
class Trunk(Trial):
    """The training that all members share; a killed one continues from the last epoch of a width.

    Attributes:
        folder: Of the study.
        stage_epochs: Number of epochs at each width.
    """

    folder: Path = field(kw_only=True)
    stage_epochs: int = field(kw_only=True)

    @property
    def stages(self) -> Stages:
        """Its checkpoints."""
        return Stages(self.folder / self.key, self.stage_epochs)

    @property
    def checkpoints(self) -> Stages:
        """What receives its state while it runs."""
        return self.stages

    def is_kept(self) -> bool:
        """Whether all of its checkpoints are there."""
        epochs = range(self.stage_epochs, self.setup.training.epochs + 1, self.stage_epochs)
        return all(self.stages.path(each).exists() for each in epochs)

    def assemble(self, data: StudyData, machine: Machine) -> Training:
        """Return the training, at its start or at its newest checkpoint."""
        newest = self.stages.newest()
        if newest is None:
            return super().assemble(data, machine)
        return branch_training(self.setup, data.train, data.split, Checkpoint.read(newest), machine)


@dataclass(frozen=True)
class Member(Trial):
    """A copy of the trunk that is cooled down.

    Attributes:
        trunk: The trunk.
        epochs: Number of epochs of the trunk before it.
    """

    trunk: Trunk = field(kw_only=True)
    epochs: int = field(kw_only=True)

    @property
    def beyond_setup(self) -> Mapping[str, Any]:
        """The trunk that it begins with."""
        return {"origin": self.trunk.key}

    @property
    def largest_training(self) -> TrainingSetup:
        """The trunk, whose last network is at least as wide."""
        return self.trunk.largest_training

    @property
    def path(self) -> Path:
        """File of its network."""
        return self.trunk.folder / f"{self.key}.safetensors"

    def is_kept(self) -> bool:
        """Whether its network is there."""
        return self.path.exists()

    def assemble(self, data: StudyData, machine: Machine) -> Training:
        """Return the training, which begins at the checkpoint of the trunk.

        Raises:
            ValueError: The checkpoint is damaged.
            OSError: It cannot be read.
        """
        checkpoint = Checkpoint.read(self.trunk.stages.path(self.epochs))
        return branch_training(self.setup, data.train, data.split, checkpoint, machine)

    def keep(self, training: Training) -> None:
        """Save the network.

        Raises:
            OSError: The file cannot be written.
        """
        save_network(self.path, training.trained())


def cool_down(setup: TrainingSetup, warps: WarpConfig, before: int, epochs: int) -> TrainingSetup:
    """Return what defines a training that leaves a trunk: its rate falls to 0, and its network does not grow.

    Args:
        setup: Of the trunk.
        warps: Random warps, which become weaker over the epochs that follow.
        before: Number of epochs of the trunk before it.
        epochs: Number of epochs that follow.
    """
    schedule = setup.training.learning_rate_schedule.model_copy(update={"schedule": "cosine", "warmup_epochs": 0.0})
    training = setup.training.model_copy(update={"epochs": before + epochs, "learning_rate_schedule": schedule})
    return replace(
        setup,
        training=training,
        growth=without_growth(setup.growth),
        warps=warps.model_copy(update={"ease_from": 0.0}),
        schedule_start=before,
    )


def load_member(member: Member) -> TrainedNetwork:
    """Return the network of a member that has finished.

    Raises:
        ValueError: Its file is damaged.
        OSError: The file cannot be read.
    """
    return load_network(member.path)
