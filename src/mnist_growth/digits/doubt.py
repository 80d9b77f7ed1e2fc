"""Reasons why an image may not show one digit that can be recognised."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LOW_CONTRAST = "low contrast"
TOUCHES_BORDER = "touches the border"
SEVERAL_DIGITS = "several digits"

SEPARATOR = "; "
"""Separates the reasons in the column ``doubt`` of a table."""


class CanonicalImage(NamedTuple):
    """An image in the form of MNIST.

    Attributes:
        image: Grey values, uint8 [28, 28].
        doubts: Reasons to doubt that the image shows one digit; empty if there are none.
    """

    image: NDArray[np.uint8]
    doubts: tuple[str, ...] = ()


def several_digits(count: int) -> str:
    """Return the reason for an image with several separate digits.

    Args:
        count: Number of digits found.
    """
    return f"{SEVERAL_DIGITS} ({count})"


def doubt_kinds(doubt: str) -> list[str]:
    """Return the reasons in a cell of the column ``doubt``, without numbers such as that of the digits."""
    return [reason.partition(" (")[0] for reason in doubt.split(SEPARATOR)] if doubt else []
