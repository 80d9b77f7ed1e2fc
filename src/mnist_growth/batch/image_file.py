"""Images in files, and a single file as a source."""

from collections.abc import Callable, Iterator
from pathlib import Path

from mnist_growth.batch.pages import pictures_of
from mnist_growth.batch.picture import Picture
from mnist_growth.digits.content import HEAD, UNKNOWN, recognise
from mnist_growth.digits.decoding import decode_pages
from mnist_growth.digits.digits import IMAGE_SIDE

MAX_BYTES = 256_000_000
"""Largest file that is read."""


class ImageFileSource:
    """The image or the pages in one file, under the name of the file.

    Args:
        path: Path of the file.
        max_pixels: Largest image or page, height times width.
    """

    def __init__(self, path: Path, max_pixels: int) -> None:
        self._path, self._max_pixels = path, max_pixels

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Picture]:
        def content() -> bytes:
            check_size(self._path.stat().st_size)
            return self._path.read_bytes()

        yield from pictures_in(self._path.name, content, self._max_pixels)

    def section(self, start: int, stop: int | None) -> Iterator[Picture]:
        """Read the file if the section contains its position, 0."""
        if range(1)[start:stop]:
            yield from self


def pictures_in(name: str, content: Callable[[], bytes], max_pixels: int) -> Iterator[Picture]:
    """Yield the image or the pages in a file, or the reason why they cannot be read.

    Args:
        name: Name of the image.
        content: Reads the file; ValueError and OSError are reasons.
        max_pixels: Largest image or page, height times width.
    """
    try:
        read = content()
        kind, description = recognise(read[:HEAD])
        if kind != "image" and description != UNKNOWN and len(read) != IMAGE_SIDE**2:
            raise ValueError(f"The file is {description}, expected an image")
    except (ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        yield Picture(name, None, reason)
    else:
        yield from pictures_of(name, decode_pages(read, max_pixels))


def check_size(size: int) -> None:
    """Raise ValueError if a file of this size in bytes is not read."""
    if size > MAX_BYTES:
        raise ValueError(f"The file has {size:,} bytes; expected at most {MAX_BYTES:,}")
