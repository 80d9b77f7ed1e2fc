"""Images in files, and a single file as a source."""

from collections.abc import Callable, Iterator
from pathlib import Path

from mnist_growth.batch.picture import Picture
from mnist_growth.digits.content import HEAD, UNKNOWN, recognise
from mnist_growth.digits.decoding import decode_image
from mnist_growth.digits.digits import IMAGE_SIDE

MAX_BYTES = 64_000_000
"""Largest file that is read: 16 million pixels of 4 bytes."""


class ImageFileSource:
    """The image in one file, under the name of the file.

    Args:
        path: Path of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Picture]:
        def content() -> bytes:
            check_size(self._path.stat().st_size)
            return self._path.read_bytes()

        yield picture_in(self._path.name, content)


def picture_in(name: str, content: Callable[[], bytes]) -> Picture:
    """Return the image in a file, or the reason why it cannot be read.

    Args:
        name: Name of the image.
        content: Reads the file; ValueError and OSError are reasons.
    """
    try:
        read = content()
        kind, description = recognise(read[:HEAD])
        if kind != "image" and description != UNKNOWN and len(read) != IMAGE_SIDE**2:
            return Picture(name, None, f"The file is {description}, expected an image")
        return Picture(name, decode_image(read))
    except (ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Picture(name, None, reason)


def check_size(size: int) -> None:
    """Raise ValueError if a file of this size in bytes is not read."""
    if size > MAX_BYTES:
        raise ValueError(f"The file has {size:,} bytes; expected at most {MAX_BYTES:,}")
