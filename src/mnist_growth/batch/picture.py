"""An image to predict, and the interface of its sources."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Picture:
    """An image, or the reason why it cannot be read.

    Attributes:
        name: Name in its source: a path relative to the folder, or a number.
        pixels: Grey values, uint8 [H, W]; None if the image cannot be read.
        error: Reason in one line; empty if the image can be read.
        path: The file that contains this image only; None for pages, and images of tables and archives.
    """

    name: str
    pixels: NDArray[np.uint8] | None
    error: str = ""
    path: Path | None = None


class Source(Protocol):
    """Source of images. Iteration reads one image after the other, always in the same order."""

    def __len__(self) -> int:
        """Number of files, rows or entries; a file may contain several images."""

    def section(self, start: int, stop: int | None) -> Iterator[Picture]:
        """Read the images of the files, rows or entries from `start` to before `stop`, or to the end."""

    def __iter__(self) -> Iterator[Picture]:
        """Read all images."""
