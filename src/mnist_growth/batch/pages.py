"""Names of the pages of a file."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mnist_growth.batch.picture import Picture


def pictures_of(name: str, pages: Iterator[NDArray[np.uint8] | ValueError]) -> Iterator[Picture]:
    """Return the pages of a file as pictures, while they are decoded.

    Args:
        name: Name of the file; several pages are named ``<name>#0``, ``<name>#1`` and so on.
        pages: Grey values of each page, uint8 [H, W], or the reason why it cannot be decoded.
    """
    first = next(pages)
    second = next(pages, None)
    if second is None:
        yield _picture(name, first)
        return
    yield _picture(f"{name}#0", first)
    yield _picture(f"{name}#1", second)
    for number, page in enumerate(pages, 2):
        yield _picture(f"{name}#{number}", page)


def _picture(name: str, page: NDArray[np.uint8] | ValueError) -> Picture:
    return Picture(name, None, str(page)) if isinstance(page, ValueError) else Picture(name, page)
