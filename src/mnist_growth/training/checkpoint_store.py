"""Checkpoints of a training on disk: the newest ones, the best, and snapshots of the network."""

import contextlib
import logging
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from mnist_growth.machine import atomic_path, folder_in_use, is_in_use
from mnist_growth.network import save_tensors
from mnist_growth.training.checkpoint import Checkpoint, contents
from mnist_growth.training.setup import TrainingSetup
from mnist_growth.training.snapshots import Snapshot, Snapshots, find_snapshots
from mnist_growth.training.state import TrainingState

logger = logging.getLogger(__name__)

CHECKPOINTS = "update-*.safetensors"
"""Pattern of the names of the checkpoints that a training continues from."""

BEST = "best.safetensors"

_SNAPSHOTS = "snapshots"


class CheckpointStore:
    """Saves the checkpoints of a training and finds earlier ones.

    Besides the newest ones it keeps the best: the state after the epoch with the lowest validation loss. That state is
    copied in memory and written together with the next checkpoint, so that it costs at most one more write per
    checkpoint. If the process is killed before that, the epoch is trained again on resume and the best is found again.

    Args:
        folder: Receives the checkpoints of this training.
        earlier: Folder of the training to continue from; None if there is none.
        newest: Number of checkpoints that are kept in the folder, besides the best.
    """

    def __init__(self, folder: Path, earlier: Path | None = None, newest: int = 2) -> None:
        self.folder = folder
        self.earlier = earlier
        self.newest = newest
        self._snapshots = Snapshots(folder / _SNAPSHOTS, count=0)
        self._best: tuple[dict[str, Tensor], dict[str, Any]] | None = None
        self._best_before: Path | None = None

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Mark the training as running, so that no other process continues from its checkpoints."""
        with folder_in_use(self.folder):
            yield

    def keep_snapshots(self, count: int) -> None:
        """Keep snapshots of the averaged network from now on; see ``Snapshots``."""
        self._snapshots = Snapshots(self.folder / _SNAPSHOTS, count)

    def snapshots(self, version: str) -> list[Snapshot]:
        """Return the snapshots of a training in the order of time; none if they were not kept.

        Args:
            version: Version of the training, which its network has, too.
        """
        return find_snapshots(self.folder.with_name(version) / _SNAPSHOTS) if version else []

    def note_start(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Save the first snapshot, or copy those of the training that is continued."""
        self._snapshots.begin(state, setup, self.earlier / _SNAPSHOTS if self.earlier and state.updates else None)

    def note_growth(self, state: TrainingState, setup: TrainingSetup, *, is_done: bool) -> None:
        """Save a snapshot."""
        self._snapshots.note_growth(state, setup, is_done=is_done)

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Copy the state after an epoch if it has the lowest validation loss so far; save a snapshot if one is due.

        Args:
            state: Between two epochs.
            setup: All parameters.
        """
        self._snapshots.note_epoch(state, setup)
        losses = [record.validation_loss for record in state.records]
        if losses[-1] == min(losses) and losses.count(losses[-1]) == 1:
            self._best = _copied(*contents(state, setup), into=self._best)

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Write a checkpoint, and the best if there is a new one; then delete all but the newest.

        Raises:
            OSError: The folder cannot be written to, or the disk is full; earlier checkpoints are unchanged.
        """
        # The best is written first: a later checkpoint must not exist without it.
        if self._best is not None:
            save_tensors(self.folder / BEST, "checkpoint", *self._best)
            self._best = None
        elif self._best_before is not None:
            with atomic_path(self.folder / BEST) as temporary:
                shutil.copyfile(self._best_before, temporary)
        self._best_before = None
        path = self.folder / f"update-{state.updates:09d}-epochs-{state.epochs_done:05d}.safetensors"
        save_tensors(path, "checkpoint", *contents(state, setup))
        for old in _checkpoint_files(self.folder)[self.newest :]:
            old.unlink(missing_ok=True)

    def latest(self) -> Checkpoint:
        """Return the newest checkpoint that can be read.

        Raises:
            FileNotFoundError: There is none.
            ValueError: The training that it belongs to is still running.
        """
        if self.earlier is not None and is_in_use(self.earlier):
            raise ValueError(
                f"The training in {self.earlier} is still running: wait for its end or stop it, then resume"
            )
        checkpoint = self._newest_in(self.earlier)
        if checkpoint is None:
            where = self.earlier or self.folder.parent
            raise FileNotFoundError(
                f"There is no readable checkpoint in {where}: start a training with `kedro run` first"
            )
        return checkpoint

    def last_saved(self) -> Checkpoint | None:
        """Return the newest checkpoint of this training that can be read; None if it has saved none.

        A process that takes over from one that was killed continues from it, with the same best checkpoint and the same
        snapshots.
        """
        checkpoint = self._newest_in(self.folder)
        if checkpoint is not None:
            self.earlier = self.folder
        return checkpoint

    def _newest_in(self, folder: Path | None) -> Checkpoint | None:
        unreadable: set[Path] = set()
        while files := [path for path in _checkpoint_files(folder) if path not in unreadable]:
            try:
                checkpoint = Checkpoint.read(files[0])
            except (ValueError, OSError) as error:
                logger.warning("%s; continuing with the checkpoint before it", error)
                unreadable.add(files[0])
            else:
                best = files[0].with_name(BEST)
                self._best_before = best if best.exists() else None
                return checkpoint
        return None

    def best(self) -> Checkpoint:
        """Return the checkpoint after the epoch with the lowest validation loss.

        Raises:
            FileNotFoundError: No epoch is completed yet.
            ValueError: The file is damaged.
        """
        path = (self.earlier or self.folder) / BEST
        if not path.exists():
            raise FileNotFoundError(f"There is no {path}: it is written with the first checkpoint after an epoch")
        return Checkpoint.read(path)


def _checkpoint_files(folder: Path | None) -> list[Path]:
    """Return the checkpoints of a folder, the newest first."""
    return sorted(folder.glob(CHECKPOINTS), reverse=True) if folder else []


def _copied(
    tensors: Mapping[str, Tensor], header: dict[str, Any], into: tuple[dict[str, Tensor], dict[str, Any]] | None
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return copies of tensors and their header; memory of an earlier copy is reused where the shapes are the same."""
    copies, _ = into or ({}, {})
    for name in copies.keys() - tensors.keys():
        del copies[name]
    for name, tensor in tensors.items():
        if name in copies and copies[name].shape == tensor.shape:
            copies[name].copy_(tensor)
        else:
            copies[name] = tensor.detach().clone()
    return copies, header
