"""Change one property of the writing style at a time: slant, thickness, a missing piece of stroke, or position."""

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
    """Shear images about their middle row, to the right for positive angles; ink outside the image is lost.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W].
        degrees: Angle of the shear; a slant of arctan(s) becomes arctan(s + tan(degrees)).
    """
    height = images.shape[1]
    shifts = ((height - 1) / 2 - np.arange(height)) * math.tan(math.radians(degrees))
    result = np.empty_like(images)
    for row, shift in enumerate(shifts):
        pixels = math.floor(shift)
        line = images[:, row].astype(np.float32)
        moved = (1 - (shift - pixels)) * _moved(line, pixels) + (shift - pixels) * _moved(line, pixels + 1)
        result[:, row] = np.round(moved)
    return result


def thickened(images: Images, pixels: float) -> Images:
    """Make strokes wider, or thinner for negative values, by grey dilation and erosion with a disk.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W].
        pixels: Approximate change of the stroke width. The image is doubled in size, each pixel is set to the
            brightest (or darkest) one within a radius of this many doubled pixels, and the size is halved again.
    """
    radius = abs(pixels)  # in pixels of the doubled image: each side of the stroke grows by half of `pixels`
    reach = math.floor(radius)
    count, height, width = images.shape
    padded = np.pad(images.repeat(2, axis=1).repeat(2, axis=2), ((0, 0), (reach, reach), (reach, reach)))
    change = np.maximum if pixels > 0 else np.minimum
    result = padded[:, reach : reach + 2 * height, reach : reach + 2 * width].copy()
    # A loop over the few pixels of the disk is about 100 times faster than the grey morphology of scipy.
    for y, x in itertools.product(range(-reach, reach + 1), repeat=2):
        if 0 < x**2 + y**2 <= radius**2:
            moved = padded[:, reach + y : reach + y + 2 * height, reach + x : reach + x + 2 * width]
            change(result, moved, out=result)
    small = result.reshape(count, height, 2, width, 2)
    return np.asarray(small.mean(axis=(2, 4), dtype=np.float32).round(), dtype=np.uint8)


def cut(images: Images, pixels: float, seed: int = 0) -> Images:
    """Erase a disk from each digit, at a random position on its stroke.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W].
        pixels: Diameter of the disk. Its centre does not depend on the diameter, so larger disks contain smaller ones.
        seed: Seed of the random positions.
    """
    generator = np.random.default_rng(seed)
    height, width = images.shape[1:]
    # The argmax of independent uniform numbers selects a stroke pixel uniformly at random.
    scores = np.where(stroke_mask(images), generator.random(images.shape, dtype=np.float32), -1)
    y, x = np.unravel_index(scores.reshape(len(images), -1).argmax(axis=1), (height, width))
    rows, columns = np.ogrid[:height, :width]
    distance = (rows - y.reshape(-1, 1, 1)) ** 2 + (columns - x.reshape(-1, 1, 1)) ** 2
    return np.where(4 * distance < pixels**2, 0, images).astype(np.uint8)


def shifted(images: Images, right: int = 0, down: int = 0) -> Images:
    """Translate images by full pixels; ink outside the image is lost.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W].
        right: Number of columns to the right; negative values move to the left.
        down: Number of rows down; negative values move up.
    """
    return _moved(_moved(images, right).swapaxes(1, 2), down).swapaxes(1, 2)


@dataclass(frozen=True)
class Intervention:
    """A change of the writing style with several strengths.

    Attributes:
        change: Function that takes images and a strength and returns changed images; strength 0 changes nothing.
        unit: Unit of the strength.
        steps: Strengths to evaluate, in ascending order, including 0.
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
"""All interventions by name."""


def _moved(lines: NDArray[_Number], by: int) -> NDArray[_Number]:
    """Move an array along its last axis and fill with 0."""
    result = np.zeros_like(lines)
    size = lines.shape[-1]
    if abs(by) < size:
        result[..., max(0, by) : size + min(0, by)] = lines[..., max(0, -by) : size - max(0, by)]
    return result
