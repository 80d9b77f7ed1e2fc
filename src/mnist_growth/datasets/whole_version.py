"""Versions of Kedro's own datasets that are there whole or not at all."""

import contextlib
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io import AbstractVersionedDataset

from mnist_growth.machine import publish_folder, remove_empty, temporary_folder


class WholeVersion:
    """A version that is being written; from its making to ``finish`` or ``discard`` the dataset saves elsewhere.

    Kedro's datasets write where the file is to be: the half of it that a killed process has left would be the newest
    version, and the next run would load it. Here the dataset writes into a temporary folder, whose content becomes the
    version in one step, and which is found to be abandoned when its process is killed.

    Args:
        dataset: Its save version must be pinned.

    Raises:
        DatasetError: The version exists already.
        OSError: The folder cannot be written to.
    """

    def __init__(self, dataset: AbstractVersionedDataset[Any, Any]) -> None:
        self.dataset = dataset
        self.folder = Path(dataset._get_save_path()).parent
        self._filepath = dataset._filepath
        self._temporary = contextlib.ExitStack()
        self._elsewhere = _writes_to_a_local_file(dataset)
        if self._elsewhere:
            try:
                temporary = self._temporary.enter_context(temporary_folder(self.folder.parent))
            except OSError as error:
                error.add_note(f"Cannot save {self.folder.parent}")
                raise
            dataset._filepath = PurePosixPath(temporary / self._filepath.name)

    def finish(self) -> None:
        """Let what was written become the version.

        Raises:
            OSError: Another run has made that version meanwhile, or the disk is full.
        """
        written = Path(self.dataset._filepath) / self.folder.name
        self.dataset._filepath = self._filepath
        with self._temporary:
            if self._elsewhere:
                publish_folder(written, self.folder)

    def discard(self) -> None:
        """Remove what was written, and leave no empty folder."""
        self.dataset._filepath = self._filepath
        self._temporary.close()
        if not self._elsewhere:  # otherwise what is there is another run's
            shutil.rmtree(self.folder, ignore_errors=True)
        remove_empty(self.folder.parent)


def _writes_to_a_local_file(dataset: AbstractVersionedDataset[Any, Any]) -> bool:
    """Whether it is one of Kedro's on a disk of this machine; ours, which name no protocol, need no help."""
    return getattr(dataset, "_protocol", None) == "file"
