"""What changes when a training is resumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mnist_growth.config_model import ConfigModel
from mnist_growth.nested import flatten, merge
from mnist_growth.training.checkpoint import Checkpoint
from mnist_growth.training.config import TrainingConfig
from mnist_growth.training.pace import learning_rate
from mnist_growth.training.setup import MAY_CHANGE, refuse_changes

TRAINING_GROUPS = ("network", "growth", "training", "warps")
"""Groups of parameters that a checkpoint contains."""


class ResumeConfig(ConfigModel):
    """Group ``resume`` of the parameters: resuming a training."""

    schedule: Literal["continue", "restart"]


@dataclass(frozen=True)
class Resumption:
    """A checkpoint and the parameters that the user changes.

    Attributes:
        checkpoint: Where the training continues.
        requested: Parameters given for the resumed training, nested by group; other groups are ignored.
    """

    checkpoint: Checkpoint
    requested: Mapping[str, Any]

    @property
    def epochs_done(self) -> int:
        """Number of completed epochs."""
        return int(self.checkpoint.header["epochs_done"])

    @property
    def before(self) -> dict[str, Any]:
        """Parameters of the checkpoint, nested by group."""
        return {group: self.checkpoint.header["setup"][group] for group in TRAINING_GROUPS}

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the resumed training, nested by group: those of the checkpoint and the changes."""
        requested = {group: self.requested[group] for group in TRAINING_GROUPS if group in self.requested}
        merged = merge(self.before, requested)
        if merged["training"]["precision"] == "auto":  # a resumed training keeps its format
            merged["training"]["precision"] = self.before["training"]["precision"]
        return merged

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Values before and after, by dotted name."""
        before, after = flatten(self.before), flatten(self.parameters)
        return {
            name: (before.get(name), after.get(name))
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        }

    @property
    def extends(self) -> bool:
        """Whether the number of epochs changes, and with it the plan of the training."""
        return "training.epochs" in self.changes

    def check(self) -> None:
        """Refuse changes that would make it another training.

        Raises:
            ValueError: A parameter changes that must not, or more epochs are completed than requested.
        """
        refuse_changes({name: values for name, values in self.changes.items() if name not in MAY_CHANGE})
        epochs = self.parameters["training"]["epochs"]
        if self.extends and self.epochs_done > epochs:
            raise ValueError(
                f"Parameter 'training.epochs' is {epochs}, but this training has completed {self.epochs_done} epochs; "
                f"expected at least {self.epochs_done}."
            )

    def describe(self, resume: ResumeConfig, training: TrainingConfig) -> str:
        """Return the changes in one line; empty if nothing changes.

        Args:
            resume: How the learning rate schedule goes on.
            training: Validated parameters of the resumed training.
        """
        if not self.changes:
            return ""
        listed = ", ".join(f"{name} {before} -> {after}" for name, (before, after) in self.changes.items())
        if not self.extends:
            return f"Changed on resume: {listed}"
        done = self.epochs_done
        first = first_epoch_of_schedule(self.checkpoint.header, training.epochs, resume)
        earlier = TrainingConfig.model_validate(self.before["training"])
        rates = [
            learning_rate(done, earlier, _first_epoch_before(self.checkpoint.header)),
            learning_rate(done, training, first),
        ]
        how = (
            f"starts again over the remaining {training.epochs - done} epochs"
            if resume.schedule == "restart"
            else f"is now that of a training of {training.epochs - first} epochs"
        )
        return (
            f"Changed on resume: {listed}; the learning rate schedule {how} (resume.schedule={resume.schedule}): the "
            f"rate goes from {rates[0]:.2g} to {rates[1]:.2g}"
        )


def first_epoch_of_schedule(header: Mapping[str, Any], epochs: int, resume: ResumeConfig) -> int:
    """Return the number of epochs completed before the learning rate schedule started.

    Args:
        header: Of the checkpoint.
        epochs: Length of the resumed training.
        resume: Whether the schedule starts again if the length changes.

    Raises:
        ValueError: The header is damaged.
    """
    if resume.schedule == "restart" and epochs != header["setup"]["training"]["epochs"]:
        return int(header["epochs_done"])
    return _first_epoch_before(header)


def _first_epoch_before(header: Mapping[str, Any]) -> int:
    first = header["setup"].get("schedule_start")
    if not isinstance(first, int) or not 0 <= first <= header["epochs_done"]:
        raise ValueError(
            f"The checkpoint is damaged: its learning rate schedule starts at epoch {first!r}; choose another version"
        )
    return first
