"""Where Optuna keeps a study: a journal in a file, or a database."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

PROCESS = "process"
"""Attribute of a trial with the process that runs it."""

_CONNECT_SECONDS = 10
_WITH_TIMEOUT = ("postgresql", "mysql")  # databases whose drivers have the option connect_timeout
_PAUSES = (1.0, 3.0)  # seconds before the second and the third attempt to make the tables of an empty database
_SAME_MOMENT = 2.0  # seconds: setting the clock moves the creation time that the system reports


def open_storage(url: str | None, journal: Path) -> "BaseStorage":
    """Return the storage of a database, or of a journal.

    Args:
        url: Of the database; None for the journal.
        journal: File that is created if it does not exist.

    Raises:
        ConnectionError: The database cannot be reached.
        OSError: The journal cannot be written.
    """
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if url is None:
        journal.parent.mkdir(parents=True, exist_ok=True)
        _cut_incomplete_line(journal)
        return JournalStorage(JournalFileBackend(str(journal)))
    with reaching(url):
        return _open_database(url)


def _open_database(url: str) -> "BaseStorage":
    """Open a database, which gets Optuna's tables if it is empty.

    Optuna does not expect another process to make them at the same moment: the slower one fails, and tries again.
    """
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import IntegrityError, ProgrammingError

    timeout = {"connect_timeout": _CONNECT_SECONDS} if url.startswith(_WITH_TIMEOUT) else {}
    for seconds in _PAUSES:
        try:
            return RDBStorage(url, engine_kwargs={"connect_args": timeout})
        except (IntegrityError, ProgrammingError):
            time.sleep(seconds)
    return RDBStorage(url, engine_kwargs={"connect_args": timeout})


@contextmanager
def reaching(url: str | None) -> Iterator[None]:
    """Turn an error of the database into one sentence.

    Raises:
        ConnectionError: The database cannot be reached.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (StorageInternalError, SQLAlchemyError, ImportError) as error:
        cause = error.__cause__ or error
        reason = " ".join(str(getattr(cause, "orig", None) or cause).split())
        raise ConnectionError(
            f"The database of tune.storage, {url}, cannot be used ({reason}); finished trainings are kept: start it or "
            "correct the URL, then run again"
        ) from error


def this_process() -> str:
    """Return a name of this process that no other one has, on this host or another."""
    process = psutil.Process()
    return f"{os.uname().nodename} {process.pid} {process.create_time()!r}"


def is_abandoned(trial: "FrozenTrial") -> bool:
    """Whether the process of a trial was one of this host and no longer exists."""
    host, _, process = str(trial.user_attrs.get(PROCESS, "")).partition(" ")
    number, _, created = process.partition(" ")
    if host != os.uname().nodename or not number:
        return False
    try:
        found = psutil.Process(int(number))
        return found.status() == psutil.STATUS_ZOMBIE or abs(found.create_time() - float(created)) > _SAME_MOMENT
    except psutil.NoSuchProcess:
        return True


def _cut_incomplete_line(journal: Path) -> None:
    """Remove the end of a line that a full disk has cut; Optuna would refuse to read the lines after it."""
    if not journal.exists():
        return
    from optuna.storages.journal import JournalFileSymlinkLock

    lock = JournalFileSymlinkLock(str(journal))
    lock.acquire()
    try:
        with journal.open("r+b") as file:
            content = file.read()
            if not content.endswith(b"\n"):
                file.truncate(content.rfind(b"\n") + 1)
    finally:
        lock.release()
