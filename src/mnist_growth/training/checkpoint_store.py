"""Where a training leaves its checkpoints: the newest ones, and the best."""

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
from mnist_growth.training.state import TrainingState

logger = logging.getLogger(__name__)

CHECKPOINTS = "update-*.safetensors"
"""Pattern of the names of the checkpoints that a training goes on from."""

BEST = "best.safetensors"


class CheckpointStore:
    """Where a training leaves its checkpoints and finds earlier ones.

    Beside the newest ones it keeps the best: the state after the epoch with the lowest validation loss. That state is
    copied in memory and written together with the next checkpoint, so that it costs no more than one more write per
    checkpoint; what a killed process had not yet written is found again when its epoch is trained again.

    Args:
        folder: takes the checkpoints of this training.
        earlier: folder of the training to go on from; None if there is none.
        keep: number of checkpoints that stay in the folder, beside the best.
    """

    def __init__(self, folder: Path, earlier: Path | None = None, keep: int = 2) -> None:
        self.folder = folder
        self.earlier = earlier
        self.keep = keep
        self._best: tuple[dict[str, Tensor], dict[str, Any]] | None = None
        self._best_before: Path | None = None

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Let other processes know that this training runs: none must go on from its checkpoints meanwhile."""
        with folder_in_use(self.folder):
            yield

    def note_epoch(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Keep the state after an epoch in mind if it has the lowest validation loss so far.

        Args:
            state: between two epochs.
            setup: all parameters.
        """
        losses = [record.validation_loss for record in state.records]
        if losses[-1] == min(losses) and losses.count(losses[-1]) == 1:
            self._best = _copied(*contents(state, setup), into=self._best)

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:
        """Write a checkpoint, and the best if there is a new one; then delete all but the newest of this training.

        Raises:
            OSError: the folder cannot be written to, or the disk is full; earlier checkpoints are left as they were.
        """
        # The best comes first: a checkpoint after it must not be found without it.
        if self._best is not None:
            save_tensors(self.folder / BEST, "checkpoint", *self._best)
            self._best = None
        elif self._best_before is not None:
            with atomic_path(self.folder / BEST) as temporary:
                shutil.copyfile(self._best_before, temporary)
        self._best_before = None
        path = self.folder / f"update-{state.updates:09d}-epochs-{state.epochs_done:05d}.safetensors"
        save_tensors(path, "checkpoint", *contents(state, setup))
        for old in _checkpoint_files(self.folder)[self.keep :]:
            old.unlink(missing_ok=True)

    def latest(self) -> Checkpoint:
        """Read the newest checkpoint that can be read.

        Raises:
            FileNotFoundError: there is none.
            ValueError: the training that it belongs to still runs.
        """
        if self.earlier is not None and is_in_use(self.earlier):
            raise ValueError(f"the training in {self.earlier} still runs: wait for its end, or stop it, then go on")
        unreadable: set[Path] = set()
        while files := [path for path in _checkpoint_files(self.earlier) if path not in unreadable]:
            try:
                checkpoint = Checkpoint.read(files[0])
            except (ValueError, OSError) as error:
                logger.warning("%s; the checkpoint before it is taken", error)
                unreadable.add(files[0])
            else:
                best = files[0].with_name(BEST)
                self._best_before = best if best.exists() else None
                return checkpoint
        where = self.earlier or self.folder.parent
        raise FileNotFoundError(f"no readable checkpoint in {where}: start a training with `kedro run` first")

    def best(self) -> Checkpoint:
        """Read the checkpoint after the epoch with the lowest validation loss.

        Raises:
            FileNotFoundError: no epoch has ended yet.
            ValueError: the file is damaged.
        """
        path = (self.earlier or self.folder) / BEST
        if not path.exists():
            raise FileNotFoundError(f"there is no {path}: it is written with the first checkpoint after an epoch")
        return Checkpoint.read(path)


def _checkpoint_files(folder: Path | None) -> list[Path]:
    """Checkpoints of a folder, the newest first."""
    return sorted(folder.glob(CHECKPOINTS), reverse=True) if folder else []


def _copied(
    tensors: Mapping[str, Tensor], header: dict[str, Any], into: tuple[dict[str, Tensor], dict[str, Any]] | None
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Copies of tensors, in the memory of an earlier copy where there is one of the same shapes; and their header."""
    copies, _ = into or ({}, {})
    for name in copies.keys() - tensors.keys():
        del copies[name]
    for name, tensor in tensors.items():
        if name in copies and copies[name].shape == tensor.shape:
            copies[name].copy_(tensor)
        else:
            copies[name] = tensor.detach().clone()
    return copies, header
