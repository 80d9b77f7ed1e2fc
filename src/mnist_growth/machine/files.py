"""Files that are there whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from mnist_growth.machine.temporary import temporary_folder


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a path in a temporary folder beside ``path``; what is written there becomes ``path`` in one step.

    On leaving, the temporary file is flushed to the disk and renamed. After an error or an interruption it is
    removed with its folder, and a file that stood at ``path`` before is left as it was.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    with temporary_folder(path) as folder:
        temporary = folder / path.name
        yield temporary
        flush_to_disk(temporary)
        temporary.replace(path)
        flush_to_disk(path.parent)  # the new name itself


def flush_to_disk(path: Path) -> None:
    """Wait until the file's content, or the folder's list of names, is on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open a folder
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
