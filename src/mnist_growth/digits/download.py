"""Fetching a file from the first mirror that answers with the right content.

Nothing is left behind unless the content is right, and waiting for mirrors that do not answer takes a limited time
in all: a machine without a network finds out soon.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from mnist_growth.digits.mirror import MirrorError, NotThereError, Offer, open_mirror
from mnist_growth.machine.files import atomic_path


class NoMirrorError(OSError):
    """No mirror offers the file."""


class WrongContentError(ValueError):
    """A mirror offers the file with a wrong content, and none offers the right one."""


class Mirrors:
    """Several places that offer the same files; the one that delivered a file is asked first for the next.

    Args:
        addresses: http(s) addresses and folders (`~` allowed), in the order in which they are asked.
        seconds: Time to spend, in all, on waiting for mirrors that do not answer; one that answers may be slow.
    """

    def __init__(self, addresses: Sequence[str], seconds: float = 30.0) -> None:
        self._addresses = list(dict.fromkeys(addresses))
        self._seconds_left = seconds

    def fetch(self, names: Sequence[str], folder: Path, check: Callable[[Path], None]) -> str:
        """Put a file into the folder, under the first of its names that a mirror offers.

        Args:
            names: Names that a mirror may offer the file under; the first one is preferred.
            folder: Where the file goes; created if need be.
            check: Raises ValueError, with a sentence that names the path, if the content is wrong.

        Returns:
            The address of the mirror that the file came from.

        Raises:
            NoMirrorError: No mirror offers the file.
            WrongContentError: A mirror offers the file with a wrong content, and none with the right one.
            OSError: The file cannot be written to the folder.
        """
        silent: list[str] = []
        wrong: list[str] = []
        for position, address in enumerate(tuple(self._addresses)):
            fair_share = self._seconds_left / (len(self._addresses) - position)
            try:
                _fetch_from(address, names, folder, check, fair_share)
            except MirrorError as error:
                self._seconds_left -= error.waited
                silent.append(f"{address} ({error})")
            except ValueError as error:
                wrong.append(str(error))
            else:
                self._addresses.remove(address)
                self._addresses.insert(0, address)
                return address
        if wrong:
            raise WrongContentError("; ".join(wrong))
        raise NoMirrorError(f"No mirror offers {names[0]}; asked were {', '.join(silent) or 'none'}")


def _fetch_from(
    address: str, names: Sequence[str], folder: Path, check: Callable[[Path], None], seconds: float
) -> None:
    """Fetch a file from one mirror under the first of its names that is there."""
    not_there: NotThereError | None = None
    for name in names:
        try:
            with open_mirror(address, name, seconds) as offer:
                _save(offer, folder / name, check)
            return
        except NotThereError as error:
            not_there = not_there or error
    raise not_there or MirrorError("no name to ask for")


def _save(offer: Offer, path: Path, check: Callable[[Path], None]) -> None:
    """Write the bytes to the path, showing progress on a terminal; unless they are right, nothing is there."""
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
                task = bar.add_task(path.name, total=offer.size)
                for chunk in offer.chunks:
                    file.write(chunk)
                    bar.advance(task, len(chunk))
            try:
                check(temporary)
            except ValueError as error:
                raise ValueError(str(error).replace(str(temporary), offer.location)) from None
    except OSError as error:
        raise OSError(f"Cannot save {path}: {error.strerror or error}") from None
