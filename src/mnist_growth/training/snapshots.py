"""Networks along a training, kept so that its path can be looked at afterwards."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from mnist_growth.config_model import ConfigModel
from mnist_growth.machine import atomic_path
from mnist_growth.network import TrainedNetwork, load_network, save_network
from mnist_growth.training.setup import TrainingSetup
from mnist_growth.training.state import TrainingState

_NAME = re.compile(r"epoch-(\d+)(-grown)?\.safetensors")


class CheckpointsConfig(ConfigModel):
    """Group ``checkpoints`` of the parameters: what is kept of a training besides its newest checkpoints."""

    keep: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, order=True)
class Snapshot:
    """The averaged network at one point of a training. Snapshots are ordered by time.

    Attributes:
        epoch: Number of completed epochs.
        has_grown: Whether it is the network just after the growth that followed this epoch; that of the same epoch
            without it is the network just before.
        path: Its file, in the format of any network.
    """

    epoch: int
    has_grown: bool
    path: Path

    def load(self) -> TrainedNetwork:
        """Return the network.

        Raises:
            ValueError: The file is damaged.
            OSError: The file cannot be read.
        """
        return load_network(self.path)


class Snapshots:
    """Saves the averaged networks of a training.

    Args:
        folder: Receives the snapshots.
        count: How many are kept, evenly spaced over the epochs, besides the one before the first epoch and those before
            and after each growth; 0 keeps none.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.count = count

    def begin(self, state: TrainingState, setup: TrainingSetup, earlier: Path | None) -> None:
        """Save the network before the first epoch, or copy the snapshots of a training that is continued.

        Args:
            state: At the start of a training, or at the checkpoint that it continues from.
            setup: All parameters.
            earlier: Folder of the snapshots of the training that is continued; None for a new one.
        """
        if not self.count:
            return
        grown = {event.epoch - 1 for event in state.events}
        for snapshot in find_snapshots(earlier) if earlier else []:
            is_past = snapshot.epoch in grown if snapshot.has_grown else snapshot.epoch <= state.epochs_done
            if is_past:
                with atomic_path(self.folder / snapshot.path.name) as temporary:
                    shutil.copyfile(snapshot.path, temporary)
        if state.updates == 0:
            self._save(state, setup)

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Save the network after an epoch if it is one of those that are kept."""
        if state.epochs_done in _kept_epochs(setup.training.epochs, self.count):
            self._save(state, setup)

    def note_growth(self, state: TrainingState, setup: TrainingSetup, *, is_done: bool) -> None:
        """Save the network just before or just after a growth."""
        if self.count:
            self._save(state, setup, has_grown=is_done)

    def _save(self, state: TrainingState, setup: TrainingSetup, *, has_grown: bool = False) -> None:
        name = f"epoch-{state.epochs_done:05d}{'-grown' if has_grown else ''}.safetensors"
        save_network(self.folder / name, setup.trained(state.average, state.epochs_done))


def find_snapshots(folder: Path) -> list[Snapshot]:
    """Return the snapshots in a folder in the order of the training; none if there is no such folder."""
    found = [(match, path) for path in folder.glob("*.safetensors") if (match := _NAME.fullmatch(path.name))]
    return sorted(Snapshot(int(match[1]), match[2] is not None, path) for match, path in found)


def _kept_epochs(epochs: int, count: int) -> set[int]:
    """Return numbers of completed epochs, evenly spaced up to the last."""
    return {round(index * epochs / count) for index in range(1, count + 1)}
