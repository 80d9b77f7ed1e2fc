"""Folders that tell whether the process that uses them still lives: by a lock, which ends with the process."""

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
"""Pattern of the names of the folders."""


@contextlib.contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Give an empty hidden folder beside ``path``, so on the same disk; it is removed on leaving.

    While it is used it is locked, and the system lets go of the lock when the process ends, however that happens. So
    what a killed process has left is told from what another one is writing: see ``remove_abandoned``.

    Raises:
        OSError: the folder cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(_let_go, _claim(folder))
        yield folder


@contextlib.contextmanager
def folder_in_use(folder: Path) -> Iterator[None]:
    """Make a folder, and let other processes know by ``is_in_use`` that this one works in it; empty, it goes again.

    Raises:
        OSError: the folder cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = _claim(folder)
    try:
        yield
    finally:
        _let_go(lock)
        with contextlib.suppress(OSError):  # what is in it stays
            folder.rmdir()


def is_in_use(folder: Path) -> bool:
    """Whether a process works in a folder; on Windows, and on disks that know no locks, that is not known: no."""
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
    """Remove temporary folders whose process has been killed.

    Those that are in use stay. On Windows, and on disks that know no locks, all of them do.

    Args:
        root: folder to look in.
        below: whether to look in the folders below it as well.

    Returns:
        What was removed.
    """
    removed = []
    for folder in sorted(root.rglob(NAMES) if below else root.glob(NAMES)):
        lock = _lock_of_the_abandoned(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            _let_go(lock)
            removed.append(folder)
    return removed


def _claim(folder: Path) -> int | None:
    """Make a folder and lock it; None where that is not known."""
    while True:
        folder.mkdir(exist_ok=True)
        if sys.platform == "win32":
            return None
        with contextlib.suppress(FileNotFoundError):  # between the two lines around this another process removed it
            lock = os.open(folder, os.O_RDONLY)
            with contextlib.suppress(OSError):  # this disk knows no locks: nobody will remove the folder
                fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_open_at(folder, lock):
                return lock
            os.close(lock)


def _lock_of_the_abandoned(folder: Path) -> int | None:
    """Lock a folder that nobody else has locked; None if somebody has, or it is gone."""
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
    """Whether the folder that was opened is still the one at its path."""
    try:
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except FileNotFoundError:
        return False


def _let_go(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
