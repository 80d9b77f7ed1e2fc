"""Download a file from the first mirror that provides it with the correct content.

Files with incorrect content are not kept. The total time spent waiting for mirrors is limited, so that an offline
machine fails quickly.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from mnist_growth.credentials import without_credentials
from mnist_growth.digits.mirror import MirrorError, NotFoundError, RemoteFile, open_mirror
from mnist_growth.machine.files import atomic_path


class NoMirrorError(OSError):
    """No mirror provides the file."""


class WrongContentError(ValueError):
    """At least one mirror provides the file with incorrect content, and none provides the correct content."""


class Mirrors:
    """Mirrors of the same files; the mirror of the last successful download is tried first.

    Args:
        addresses: http(s) addresses and folders (`~` allowed), in the order in which they are tried.
        seconds: Total time to wait for responses; the transfer itself is not limited.
    """

    def __init__(self, addresses: Sequence[str], seconds: float = 30.0) -> None:
        self._addresses = list(dict.fromkeys(addresses))
        self._seconds_left = seconds

    def fetch(self, names: Sequence[str], folder: Path, check: Callable[[Path], None]) -> str:
        """Download a file to a folder, under the first of its names that a mirror provides.

        Args:
            names: Possible names of the file, the preferred one first.
            folder: Destination folder; created if it does not exist.
            check: Function that raises ValueError, with the path in its message, if the content is incorrect.

        Returns:
            Address of the mirror that provided the file, without credentials.

        Raises:
            NoMirrorError: No mirror provides the file.
            WrongContentError: A mirror provides the file with incorrect content, and none provides the correct content.
            OSError: The file cannot be written to the folder.
        """
        failures: list[str] = []
        wrong: list[str] = []
        for position, address in enumerate(tuple(self._addresses)):
            time_limit = self._seconds_left / (len(self._addresses) - position)
            try:
                _fetch_from(address, names, folder, check, time_limit)
            except MirrorError as error:
                self._seconds_left -= error.waited
                failures.append(f"{without_credentials(address)} ({error})")
            except ValueError as error:
                wrong.append(str(error))
            else:
                self._addresses.remove(address)
                self._addresses.insert(0, address)
                return without_credentials(address)
        if wrong:
            raise WrongContentError("; ".join(wrong))
        raise NoMirrorError(f"No mirror provides {names[0]}, tried {', '.join(failures) or 'none'}")


def _fetch_from(
    address: str, names: Sequence[str], folder: Path, check: Callable[[Path], None], seconds: float
) -> None:
    """Download a file from one mirror under the first of its names that exists there."""
    not_found: NotFoundError | None = None
    for name in names:
        try:
            with open_mirror(address, name, seconds) as remote:
                _save(remote, folder / name, check)
            return
        except NotFoundError as error:
            not_found = not_found or error
    raise not_found or MirrorError("no file name")


def _save(remote: RemoteFile, path: Path, check: Callable[[Path], None]) -> None:
    """Save a remote file if its content is correct, showing progress on a terminal."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=(console := Console(stderr=True)),
        disable=not console.is_terminal,
        transient=True,
    )
    try:
        with atomic_path(path) as temporary:
            with bar, temporary.open("wb") as file:
                task = bar.add_task(path.name, total=remote.size)
                for chunk in remote.chunks:
                    file.write(chunk)
                    bar.advance(task, len(chunk))
            try:
                check(temporary)
            except ValueError as error:
                raise ValueError(str(error).replace(str(temporary), remote.location)) from None
    except OSError as error:
        raise OSError(f"Cannot save {path}: {error.strerror or error}") from None
