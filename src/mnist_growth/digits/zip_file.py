"""Zip archives from untrusted sources: names that leave the folder and archives that grow without limit are refused."""

import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

MAX_BYTES = 8_000_000_000
"""Largest size of all files in an archive, decompressed."""

MAX_FILES = 1_000_000
"""Largest number of files in an archive."""

_IGNORED = {"Thumbs.db", "desktop.ini"}  # and names that begin with a dot, and the folder __MACOSX


class ZipFiles:
    """The files of a zip archive, sorted by name, without hidden files and those of the desktop.

    Attributes:
        names: Names of the files, with forward slashes.

    Args:
        path: Path of the archive.

    Raises:
        ValueError: The archive is damaged, encrypted or too large, or a name leads out of it.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with zipfile.ZipFile(path) as archive:
                members = [member for member in archive.infolist() if not member.is_dir()]
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise ValueError(f"{path} is not a complete zip archive ({error})") from None
        size = sum(member.file_size for member in members)
        if size > MAX_BYTES or len(members) > MAX_FILES:
            raise ValueError(
                f"{path} has {len(members):,} files of {size:,} bytes in total when unpacked, expected at most "
                f"{MAX_FILES:,} files and {MAX_BYTES:,} bytes: unpack it and give the folder"
            )
        for member in members:
            if _leaves(member.filename):
                raise ValueError(f"{path} contains a file {member.filename!r} outside of it, which is not safe to read")
            if member.flag_bits & 1:
                raise ValueError(f"{path} is encrypted: unpack it with its password and give the folder")
        self._members = {member.filename: member for member in members if not _is_hidden(member.filename)}
        self.names = sorted(self._members)

    def size(self, name: str) -> int:
        """Return the size of a file in bytes, decompressed, as the archive states it."""
        return self._members[name].file_size

    @contextmanager
    def opened(self) -> Iterator["zipfile.ZipFile"]:
        """Open the archive."""
        with zipfile.ZipFile(self._path) as archive:
            yield archive

    def read(self, archive: zipfile.ZipFile, name: str) -> bytes:
        """Return the content of a file.

        Raises:
            ValueError: The content is damaged.
        """
        try:
            return archive.read(self._members[name])
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise ValueError(f"The file is damaged in the archive ({error})") from None

    def head(self, archive: zipfile.ZipFile, name: str, size: int) -> bytes:
        """Return the first bytes of a file; none if it is damaged."""
        try:
            with archive.open(self._members[name]) as file:
                return file.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
            return b""

    @contextmanager
    def unpacked(self, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[Path]:
        """Unpack files into a temporary folder, which is removed afterwards.

        Args:
            wanted: Whether to unpack a file, by its name without folders.

        Raises:
            ValueError: The content of a file is damaged.
            OSError: The folder cannot be written to, or the disk is full.
        """
        with TemporaryDirectory() as folder, self.opened() as archive:
            for name in (name for name in self.names if wanted(PurePosixPath(name).name)):
                target = Path(folder, *PurePosixPath(name).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    # Never more than the archive states: reading stops at that size.
                    with archive.open(self._members[name]) as source, target.open("wb") as file:
                        shutil.copyfileobj(source, file, 1 << 20)
                except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
                    raise ValueError(f"{self._path}: {name} is damaged ({error})") from None
            yield Path(folder)


def _leaves(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not parts or ".." in parts or parts[0] == "/" or ":" in parts[0] or "\0" in name


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[-1] in _IGNORED or any(part.startswith(".") or part == "__MACOSX" for part in parts)
