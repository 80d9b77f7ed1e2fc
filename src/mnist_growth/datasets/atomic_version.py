"""Atomic saves of Kedro's own datasets."""

import contextlib
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io import AbstractVersionedDataset

from mnist_growth.machine import publish_folder, remove_empty, temporary_folder


class AtomicVersion:
    """A version that is being written: until `finish` or `discard`, the dataset saves to a temporary folder.

    Kedro's datasets write the final file directly. A killed process would leave an incomplete file as the newest
    version, and the next run would load it. Here the content of the temporary folder becomes the version in one step,
    and `remove_abandoned` finds the temporary folder of a killed process.

    Args:
        dataset: The dataset; its save version must be pinned.

    Raises:
        DatasetError: The version exists already.
        OSError: The folder cannot be written to.
    """

    def __init__(self, dataset: AbstractVersionedDataset[Any, Any]) -> None:
        self.dataset = dataset
        self.folder = Path(dataset._get_save_path()).parent
        self._filepath = dataset._filepath
        self._temporary = contextlib.ExitStack()
        self._redirected = _writes_to_a_local_file(dataset)
        if self._redirected:
            try:
                temporary = self._temporary.enter_context(temporary_folder(self.folder.parent))
            except OSError as error:
                error.add_note(f"Cannot save {self.folder.parent}")
                raise
            dataset._filepath = PurePosixPath(temporary / self._filepath.name)

    def finish(self) -> None:
        """Move the written files to the version's folder.

        Raises:
            OSError: Another run has saved this version in the meantime, or the disk is full.
        """
        written = Path(self.dataset._filepath) / self.folder.name
        self.dataset._filepath = self._filepath
        with self._temporary:
            if self._redirected:
                publish_folder(written, self.folder)

    def discard(self) -> None:
        """Remove the written files and folders that become empty."""
        self.dataset._filepath = self._filepath
        self._temporary.close()
        if not self._redirected:  # otherwise the folder is that of another run
            shutil.rmtree(self.folder, ignore_errors=True)
        remove_empty(self.folder.parent)


def _writes_to_a_local_file(dataset: AbstractVersionedDataset[Any, Any]) -> bool:
    """Whether it is one of Kedro's datasets on a local disk; this project's datasets are atomic themselves."""
    return getattr(dataset, "_protocol", None) == "file"
