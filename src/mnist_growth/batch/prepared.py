"""Images that are ready for a network, before they are predicted."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_growth.batch.picture import Picture
from mnist_growth.digits.preparation import PreparedImage

Prepare = Callable[[NDArray[np.uint8]], PreparedImage]
"""Makes the input of the network from an image, uint8 [H, W]; raises ValueError if it shows nothing."""


class PreparedPicture(NamedTuple):
    """A prepared image, or the reason why there is none.

    Attributes:
        name: Name in its source.
        form: Input of the network, uint8 [28, 28]; None if there is none.
        mean: Mean grey value of the original image, 0 to 1.
        doubts: Reasons to doubt that the image shows one digit.
        reason: Why the image cannot be predicted; empty if it can.
    """

    name: str
    form: NDArray[np.uint8] | None
    mean: float
    doubts: tuple[str, ...]
    reason: str


def prepare_pictures(pictures: Iterable[Picture], prepare: Prepare) -> Iterator[PreparedPicture]:
    """Prepare images one at a time, in their order.

    Args:
        pictures: Images; they are not kept.
        prepare: ``Preparation.apply`` of the network, or ``already_prepared`` for images of an ingested data set.
    """
    for picture in pictures:
        if picture.pixels is None:
            yield PreparedPicture(picture.name, None, 0.0, (), picture.error)
            continue
        try:
            yield PreparedPicture(picture.name, *prepare(picture.pixels), "")
        except ValueError as error:
            yield PreparedPicture(picture.name, None, 0.0, (), str(error))
