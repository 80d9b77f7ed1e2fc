"""Changing how digits are written, one thing at a time: slant, thickness, a missing piece of stroke, position."""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.style import stroke_mask

Images = NDArray[np.uint8]
_Number = TypeVar("_Number", bound=np.generic)


def slanted(images: Images, degrees: float) -> Images:
    """Shear images about their middle row, to the right for positive angles; ink that leaves the image is lost.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W].
        degrees: The slant grows from arctan(s) to arctan(s + tan(degrees)).
    """
    height = images.shape[1]
    shifts = ((height - 1) / 2 - np.arange(height)) * math.tan(math.radians(degrees))
    result = np.empty_like(images)
    for row, shift in enumerate(shifts):
        whole = math.floor(shift)
        line = images[:, row].astype(np.float32)
        moved = (1 - (shift - whole)) * _moved(line, whole) + (shift - whole) * _moved(line, whole + 1)
        result[:, row] = np.round(moved)
    return result


def thickened(images: Images, pixels: float) -> Images:
    """Make strokes wider, or thinner for negative values, by grey dilation and erosion with a disk.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W].
        pixels: What the width of a stroke gains, roughly. Images are taken to twice their size, each
            pixel becomes the brightest (or darkest) one within that many of the small pixels, and four of these make
            one again.
    """
    radius = abs(pixels)  # in small pixels, of which two are one: each side of the stroke gains half of `pixels`
    reach = math.floor(radius)
    count, height, width = images.shape
    padded = np.pad(images.repeat(2, axis=1).repeat(2, axis=2), ((0, 0), (reach, reach), (reach, reach)))
    change = np.maximum if pixels > 0 else np.minimum
    result = padded[:, reach : reach + 2 * height, reach : reach + 2 * width].copy()
    # Over the few pixels of the disk: scipy's grey morphology, with any footprint, takes a hundred times as long.
    for y, x in itertools.product(range(-reach, reach + 1), repeat=2):
        if 0 < x**2 + y**2 <= radius**2:
            moved = padded[:, reach + y : reach + y + 2 * height, reach + x : reach + x + 2 * width]
            change(result, moved, out=result)
    small = result.reshape(count, height, 2, width, 2)
    return np.asarray(small.mean(axis=(2, 4), dtype=np.float32).round(), dtype=np.uint8)


def cut(images: Images, pixels: float, seed: int = 0) -> Images:
    """Take a round piece out of each digit, at a random place of its stroke.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W].
        pixels: Diameter of the piece. The place does not depend on it, so that larger pieces hold the smaller ones.
        seed: Of the places.
    """
    generator = np.random.default_rng(seed)
    height, width = images.shape[1:]
    # The largest of independent random numbers over the pixels of the stroke: each is as likely to be chosen.
    chances = np.where(stroke_mask(images), generator.random(images.shape, dtype=np.float32), -1)
    y, x = np.unravel_index(chances.reshape(len(images), -1).argmax(axis=1), (height, width))
    rows, columns = np.ogrid[:height, :width]
    distance = (rows - y.reshape(-1, 1, 1)) ** 2 + (columns - x.reshape(-1, 1, 1)) ** 2
    return np.where(4 * distance < pixels**2, 0, images).astype(np.uint8)


def shifted(images: Images, right: int = 0, down: int = 0) -> Images:
    """Move images by whole pixels; ink that leaves the image is lost.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W].
        right: Columns.
        down: Rows.
    """
    return _moved(_moved(images, right).swapaxes(1, 2), down).swapaxes(1, 2)


@dataclass(frozen=True)
class Intervention:
    """A change that can be made in steps.

    Attributes:
        change: From images and a strength to changed images; strength 0 changes nothing.
        unit: Of the strength.
        steps: Strengths to try, in ascending order, 0 among them.
    """

    change: Callable[[Images, float], Images]
    unit: str
    steps: tuple[float, ...]


INTERVENTIONS: Mapping[str, Intervention] = {
    "slant": Intervention(slanted, "degrees to the right", (-40, -30, -20, -10, 0, 10, 20, 30, 40)),
    "thickness": Intervention(thickened, "pixels", (-2, -1, 0, 1, 2, 3, 4)),
    "cut": Intervention(cut, "pixels across the missing piece", (0, 2, 4, 6, 8, 10)),
    "shift right": Intervention(lambda images, by: shifted(images, right=int(by)), "pixels", (-6, -4, -2, 0, 2, 4, 6)),
    "shift down": Intervention(lambda images, by: shifted(images, down=int(by)), "pixels", (-6, -4, -2, 0, 2, 4, 6)),
}
"""What is tried, by name."""


def _moved(lines: NDArray[_Number], by: int) -> NDArray[_Number]:
    """Move along the last axis, with 0 behind."""
    result = np.zeros_like(lines)
    size = lines.shape[-1]
    if abs(by) < size:
        result[..., max(0, by) : size + min(0, by)] = lines[..., max(0, -by) : size - max(0, by)]
    return result
