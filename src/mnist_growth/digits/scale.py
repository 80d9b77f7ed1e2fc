"""Recognise the scale of grey values in arrays, tables and messages, and convert them to 0..255.

Files such as IDX and PNG define the scale of their values; arrays do not. Values on an unknown scale would be answered
with confident nonsense, so they are refused with the range that was found.
"""

import math

import numpy as np
from numpy.typing import NDArray

MAX_GREY = 255
"""Grey value of white."""

_TOLERANCE = 1e-3  # by which resampling may leave the range of 0..1
_OTHER_SCALE = 16  # the largest value of 4-bit images such as scikit-learn's digits; 8-bit images reach higher values


def to_grey_values(array: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return an array of grey values as integers from 0 to 255.

    All values are judged together, so pass all images of a set, not one image at a time.

    Args:
        array: Numbers of any shape, from 0 to 255 (integers or floating point), or floating-point numbers from 0 to 1,
            or booleans.

    Returns:
        Grey values, uint8 of the same shape. A uint8 array is returned as it is.

    Raises:
        ValueError: The array does not contain numbers, or its values are on another scale.
    """
    if array.dtype.kind not in "buif":
        raise ValueError(f"The grey values are of the type {array.dtype}, expected numbers from 0 to {MAX_GREY}")
    if array.size == 0:
        return array.astype(np.uint8)
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(MAX_GREY)
    factor = grey_factor(float(array.min()), float(array.max()), is_float=array.dtype.kind == "f")
    if array.dtype == np.uint8:
        return array.view(np.uint8)
    if array.dtype.kind != "f":
        return array.astype(np.uint8)
    return np.rint(np.clip(array.astype(np.float64) * factor, 0, MAX_GREY)).astype(np.uint8)


def grey_factor(lowest: float, highest: float, *, is_float: bool) -> float:
    """Return the number that converts values of this range to grey values from 0 to 255: 1 or 255.

    Args:
        lowest: Smallest value of all images.
        highest: Largest value of all images.
        is_float: Whether the values are floating-point numbers, which may be on the scale 0..1.

    Raises:
        ValueError: The range is that of another scale.
    """
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise ValueError(
            f"The grey values contain NaN or infinity, expected numbers from 0 to {MAX_GREY}: replace or remove them"
        )
    slack = _TOLERANCE if is_float else 0
    if lowest >= -slack and is_float and highest <= 1 + slack:
        return float(MAX_GREY)
    if lowest >= -slack and (highest == 0 or _OTHER_SCALE < highest <= MAX_GREY + slack):
        return 1.0
    expected = f"from 0 to {MAX_GREY}" + (", or floating-point numbers from 0 to 1" if is_float else "")
    raise ValueError(
        f"The grey values range from {lowest:g} to {highest:g}, expected values {expected}: {_advice(lowest, highest)}"
    )


def _advice(lowest: float, highest: float) -> str:
    """Say how to scale values of this range."""
    if lowest < 0:
        if lowest >= -1 - _TOLERANCE and highest <= 1 + _TOLERANCE:
            return "if they are on the scale -1 to 1, replace each value x by (x + 1) * 127.5"
        return f"undo the normalisation, so that black is 0 and white is {MAX_GREY}"
    if highest > MAX_GREY:
        bits = int(highest).bit_length()
        full = 2 ** (16 if bits > 12 else bits) - 1 if bits <= 16 else int(highest)
        return f"if white is {full:,}, divide them by {full / MAX_GREY:g}"
    full = next(scale for scale in (1, 7, 15, 16) if highest <= scale)
    return f"if white is {full}, multiply them by {MAX_GREY / full:g}"
