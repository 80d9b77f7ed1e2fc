"""One of many images, and where they come from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Picture:
    """An image that could be read, or the reason why not.

    Attributes:
        name: What it is called in its source: a path relative to the folder, or a number.
        pixels: Grey values, uint8 [H, W]; None where it could not be read.
        error: One line; empty where it could be read.
    """

    name: str
    pixels: NDArray[np.uint8] | None
    error: str = ""


class Source(Protocol):
    """Where images come from. Iterating reads one image after the other, always in the same order."""

    def __len__(self) -> int:
        """Number of images."""

    def __iter__(self) -> Iterator[Picture]:
        """Read all images."""
