"""Temporary folders with a lock that shows whether the process that uses them is running."""

import contextlib
import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

NAMES = ".*.tmp"
"""Pattern of the folder names."""


@contextlib.contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Yield an empty hidden folder next to ``path``, on the same disk; it is removed on exit.

    The folder is locked while it is used. The system releases the lock when the process ends, even if it is killed, so
    ``remove_abandoned`` can distinguish folders of killed processes from those that are in use.

    Raises:
        OSError: The folder cannot be created.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(_release, _create_locked(folder))
        yield folder


@contextlib.contextmanager
def folder_in_use(folder: Path) -> Iterator[None]:
    """Create a folder and lock it, so that ``is_in_use`` is true for it; on exit, remove it if it is empty.

    Raises:
        OSError: The folder cannot be created.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = _create_locked(folder)
    try:
        yield
    finally:
        _release(lock)
        with contextlib.suppress(OSError):  # it is not empty
            folder.rmdir()


def is_in_use(folder: Path) -> bool:
    """Whether a process uses a folder; always False on Windows and on file systems without locks."""
    if sys.platform == "win32":
        return False
    try:
        lock = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(lock)
    return False


def remove_abandoned(root: Path, *, below: bool = True) -> list[Path]:
    """Remove the temporary folders of killed processes.

    Folders in use are kept. On Windows and on file systems without locks, all folders are kept.

    Args:
        root: Folder to search.
        below: Whether to search its subfolders too.

    Returns:
        The folders that were removed.
    """
    removed = []
    for folder in sorted(root.rglob(NAMES) if below else root.glob(NAMES)):
        lock = _lock_if_abandoned(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            _release(lock)
            removed.append(folder)
    return removed


def _create_locked(folder: Path) -> int | None:
    """Create a folder and lock it; return None on Windows."""
    while True:
        folder.mkdir(exist_ok=True)
        if sys.platform == "win32":
            return None
        with contextlib.suppress(FileNotFoundError):  # another process removed the folder in between
            lock = os.open(folder, os.O_RDONLY)
            with contextlib.suppress(OSError):  # no locks on this file system: no process removes it
                fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_open_at(folder, lock):
                return lock
            os.close(lock)


def _lock_if_abandoned(folder: Path) -> int | None:
    """Lock a folder that no process has locked; return None if it is locked or missing."""
    if sys.platform == "win32":
        return None
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _is_open_at(folder: Path, descriptor: int) -> bool:
    """Whether the opened folder is still the one at the path."""
    try:
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except FileNotFoundError:
        return False


def _release(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
