"""Lines drawn across an image."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]

_REACH = 2.3  # pixels from the centre of a line to where it has faded
_DOT = 2  # columns of a dot, and of the gap after it
_MARGIN = 2  # columns without a zigzag on both sides
_AMPLITUDE, _PERIOD = 2.0, 8.0  # of a zigzag, in pixels
_LARGEST_RISE = 5  # rows between the ends of a zigzag


def dotted_line(images: Images, severity: int, generator: np.random.Generator) -> Images:
    """Draw as many dotted lines as the severity says from the left to the right border."""
    side = images.shape[1]
    columns = np.arange(side)
    first, last = generator.uniform(0, side - 1, (2, 5, len(images), 1))
    drawn = (columns // _DOT) % 2 == 1
    return _with_lines(images, first + (last - first) * columns / (side - 1), drawn, severity)


def zigzag(images: Images, severity: int, generator: np.random.Generator) -> Images:
    """Draw as many zigzag lines as the severity says."""
    side = images.shape[1]
    columns = np.arange(side)
    along = columns - _MARGIN
    first = generator.uniform(0, side - 1, (5, len(images), 1))
    rise = generator.uniform(-_LARGEST_RISE, _LARGEST_RISE, (5, len(images), 1))
    phase = along / _PERIOD
    wave = _AMPLITUDE * (4 * np.abs(phase - np.floor(phase + 0.5)) - 1)
    drawn = (columns >= _MARGIN) & (columns < side - _MARGIN)
    return _with_lines(images, first + rise * along / (side - 1) + wave, drawn, severity)


def _with_lines(images: Images, rows: NDArray[np.float64], drawn: NDArray[np.bool_], count: int) -> Images:
    """Draw white lines, which fade with the logarithm of the vertical distance.

    Args:
        images: Float32 [N, H, W].
        rows: Row of each line in each column, [lines, N, W].
        drawn: Columns that the lines have ink in, [W].
        count: Number of lines to draw.
    """
    result = images.copy()
    height = np.arange(images.shape[1])[np.newaxis, :, np.newaxis]
    for line in rows[:count]:
        distance = np.abs(height - line[:, np.newaxis, :])
        ink = np.log1p(-np.minimum(distance / _REACH, 1 - 1e-9)) + 1
        result += np.clip(ink, 0, 1) * drawn
        np.minimum(result, 1, out=result)
    return result
