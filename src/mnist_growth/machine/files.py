"""Atomic writes of files and folders."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from mnist_growth.machine.temporary import temporary_folder


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a path in a temporary folder next to `path`; the file written there becomes `path` in one step.

    On exit, the temporary file is flushed to the disk and renamed. After an error or an interruption it is
    removed together with its folder, and an existing file at `path` is not changed.

    Args:
        path: The file to write.

    Raises:
        OSError: The folder cannot be written to, or the disk is full.
    """
    with temporary_folder(path) as folder:
        temporary = folder / path.name
        yield temporary
        flush_to_disk(temporary)
        temporary.replace(path)
        flush_to_disk(path.parent)  # the rename


@contextlib.contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder next to `folder`; it becomes `folder` in one step.

    After an error or an interruption the temporary folder is removed, and so are its parent and grandparent if they
    are empty.

    Args:
        folder: Folder to create; it must not exist.

    Raises:
        OSError: The folder cannot be written to, or exists and is not empty, or the disk is full; a note names it.
    """
    try:
        with temporary_folder(folder) as temporary:
            yield temporary
            publish_folder(temporary, folder)
    except OSError as error:
        error.add_note(f"Cannot save {folder}")
        raise
    finally:
        remove_empty(folder.parent, folder.parent.parent)


def publish_folder(written: Path, folder: Path) -> None:
    """Flush the files in a folder to the disk and rename the folder.

    Raises:
        OSError: `folder` exists and is not empty, or cannot be written to, or the disk is full.
    """
    for path in written.rglob("*"):
        flush_to_disk(path)
    folder.parent.mkdir(parents=True, exist_ok=True)
    written.rename(folder)
    flush_to_disk(folder.parent)


def remove_empty(*folders: Path) -> None:
    """Remove empty folders, in this order, up to the first that is not empty or cannot be removed."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def flush_to_disk(path: Path) -> None:
    """Wait until the content of a file, or the entries of a folder, are on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open a folder
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
