"""Images of a folder and its subfolders."""

import heapq
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from mnist_growth.batch.image_file import check_size, pictures_in
from mnist_growth.batch.picture import Picture

_PAGE = 10_000  # names in memory at the same time
_NOT_IMAGES = {"Thumbs.db", "desktop.ini"}  # and names that start with a dot, such as .DS_Store


class FolderSource:
    """All files of a folder and its subfolders as images, sorted by name.

    The pages of a file with several are named ``<file>#0``, ``<file>#1`` and so on. Hidden files and
    folders are skipped, and links to folders are not followed.

    Args:
        folder: An existing folder.
        max_pixels: Largest image or page, height times width.
    """

    def __init__(self, folder: Path, max_pixels: int) -> None:
        self.folder, self.max_pixels = folder, max_pixels

    def __len__(self) -> int:
        return sum(1 for _ in _files(self.folder, _unordered))

    def __iter__(self) -> Iterator[Picture]:
        for path in _files(self.folder, _ordered):
            # File names may be invalid UTF-8, but tables require UTF-8.
            name = os.fsencode(path.relative_to(self.folder)).decode("utf-8", "backslashreplace")
            yield from pictures_in(name, partial(_content, path), self.max_pixels)


def _content(path: Path) -> bytes:
    check_size(path.stat().st_size)
    return path.read_bytes()


def _files(folder: Path, listing: Callable[[Path], Iterator[tuple[str, bool]]]) -> Iterator[Path]:
    """Files of a folder and its subfolders."""
    for name, is_folder in listing(folder):
        if is_folder:
            yield from _files(folder / name, listing)
        else:
            yield folder / name


def _unordered(folder: Path) -> Iterator[tuple[str, bool]]:
    """Entries of a folder: name, and whether it is a folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not entry.name.startswith(".") and entry.name not in _NOT_IMAGES and (is_folder or entry.is_file()):
                yield entry.name, is_folder


def _ordered(folder: Path) -> Iterator[tuple[str, bool]]:
    """Entries of a folder in alphabetical order; each pass over the folder finds the next page of them."""
    page = heapq.nsmallest(_PAGE, _unordered(folder))
    while page:
        yield from page
        last = page[-1]
        page = heapq.nsmallest(_PAGE, (entry for entry in _unordered(folder) if entry > last))
