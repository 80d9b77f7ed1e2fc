"""Images of a folder and its subfolders."""

import heapq
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from mnist_growth.batch.image_file import check_size, pictures_in
from mnist_growth.batch.picture import Picture

_PAGE = 10_000  # names in memory at the same time
_NOT_IMAGES = {"Thumbs.db", "desktop.ini"}  # and names that start with a dot, such as .DS_Store


class FolderSource:
    """All files of a folder and its subfolders as images, sorted by name.

    The pages of a file with several are named ``<file>#0``, ``<file>#1`` and so on. Hidden files and folders are
    skipped, and links to folders are not followed. What cannot be read, such as a subfolder without permission, a link
    to nothing or a named pipe, is an image with an error.

    Args:
        folder: An existing folder.
        max_pixels: Largest image or page, height times width.
    """

    def __init__(self, folder: Path, max_pixels: int) -> None:
        self.folder, self.max_pixels = folder, max_pixels

    def __len__(self) -> int:
        return sum(1 for _ in _files(self.folder, _unordered))

    def __iter__(self) -> Iterator[Picture]:
        return self.section(0, None)

    def section(self, start: int, stop: int | None) -> Iterator[Picture]:
        """Read the images of some files, without opening the others."""
        for entry in islice(_files(self.folder, _ordered), start, stop):
            # File names may be invalid UTF-8, but tables require UTF-8.
            name = os.fsencode(os.path.relpath(entry.path, self.folder)).decode("utf-8", "backslashreplace")
            if entry.problem:
                yield Picture(name, None, entry.problem)
            else:
                path = Path(entry.path)
                for picture in pictures_in(name, partial(_content, path), self.max_pixels):
                    yield replace(picture, path=path) if picture.name == name else picture


class _Entry(NamedTuple):
    """A file or folder: its path, whether it is a folder, and why it cannot be read, if so."""

    path: str
    is_folder: bool = False
    problem: str = ""


_Listing = Callable[[str], Iterator[_Entry]]


def _content(path: Path) -> bytes:
    check_size(path.stat().st_size)
    return path.read_bytes()


def _files(folder: Path, listing: _Listing) -> Iterator[_Entry]:
    """Files of a folder and its subfolders, and what cannot be read.

    Raises:
        ValueError: The folder itself no longer exists.
        OSError: The folder itself cannot be read.
    """
    stack = [listing(str(folder))]  # folders may be nested more deeply than functions can be
    current = [_Entry(str(folder), is_folder=True)]
    while stack:
        try:
            entry = next(stack[-1], None)
        except OSError as error:
            entry, failed = None, current[-1]
            if len(stack) == 1:
                if isinstance(error, FileNotFoundError):
                    raise ValueError(f"{folder} no longer exists: it was removed while its images were read") from None
                raise
            yield failed._replace(problem=f"The folder cannot be read: {error.strerror}")
        if entry is None:
            stack.pop()
            current.pop()
        elif entry.is_folder and not entry.problem:
            stack.append(listing(entry.path))
            current.append(entry)
        else:
            yield entry


def _unordered(folder: str) -> Iterator[_Entry]:
    """Entries of a folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.name not in _NOT_IMAGES and (found := _described(entry)):
                yield found


def _described(entry: os.DirEntry[str]) -> _Entry | None:
    """Describe an entry of a folder; None for a link to a folder."""
    try:
        if entry.is_dir(follow_symlinks=False):
            return _Entry(entry.path, is_folder=True)
        if entry.is_file():
            return _Entry(entry.path)
        if entry.is_dir():
            return None
    except OSError as error:
        return _Entry(entry.path, problem=error.strerror or str(error))
    return _Entry(entry.path, problem="The link leads to nothing" if entry.is_symlink() else "This is not a file")


def _ordered(folder: str) -> Iterator[_Entry]:
    """Entries of a folder in alphabetical order; each pass over the folder finds the next page of them."""
    page = heapq.nsmallest(_PAGE, _unordered(folder))
    while page:
        yield from page
        last = page[-1]
        page = heapq.nsmallest(_PAGE, (entry for entry in _unordered(folder) if entry > last))
