"""Copies of images as their source has them."""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_growth.batch.picture import Source

_UNSAFE = re.compile(r"[^\w.-]+")
_MAX_NAME = 200  # bytes of the name of the original in that of a copy; file systems allow 255 in all


def copy_name(rank: str, name: str, *, is_file: bool) -> str:
    """Return a name for the copy of an image that every file system allows: ``007_scans_3.png``.

    Args:
        rank: Beginning of the name; it makes the names of copies differ.
        name: Name of the image in its source.
        is_file: Whether the copy is that of a file; otherwise it is a new PNG file.
    """
    safe = _UNSAFE.sub("_", name).encode()[-_MAX_NAME:].decode(errors="ignore")
    return f"{rank}_{safe}" if is_file else f"{rank}_{safe}.png"


def originals(
    paths: Mapping[int, Path | None], open_again: Callable[[], Source], folder: str
) -> Iterator[tuple[int, bytes]]:
    """Read some images of a source once more.

    Args:
        paths: By position in the source: the file that contains the image only, or None if there is none.
        open_again: Opens the source, for images without such a file.
        folder: Path of the source, for error messages.

    Yields:
        Position and content: that of the file, or a PNG file of the grey values.

    Raises:
        ValueError: An image can no longer be read.
    """
    changed = f"{folder} changed while its images were chosen; run again"
    for position, path in paths.items():
        if path is not None:
            try:
                yield position, path.read_bytes()
            except OSError as error:
                raise ValueError(f"{changed} ({path.name}: {error.strerror})") from error
    missing = {position for position, path in paths.items() if path is None}
    if not missing:
        return
    for position, picture in enumerate(open_again()):
        if position in missing and picture.pixels is not None:
            yield position, _png(picture.pixels)
            missing.remove(position)
            if not missing:
                return
    raise ValueError(changed)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()
