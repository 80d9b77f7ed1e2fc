"""Remove from the ink what is not the digit: lines, circles, underlines, specks and what lies along the border."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.border import border_contact, is_along_border

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

_MIN_LINE = 0.6  # length of a printed line over the side of the image
_MAX_LINE_THICKNESS = 0.04  # of the side of the image
_MIN_PATCH = 0.02  # fraction of all ink below which a patch is not part of the digit
_MIN_ENCLOSED = 0.2  # extent of an enclosed patch over that of the enclosing one
_FLAT = 0.25  # height over width of an underline, at most
_MAX_PATCHES = 300  # with most ink that are looked at: noise has thousands, and the time grows with the square
_MAX_ENCLOSING = 100  # the same for patches that may surround each other
_MIN_BORDER_REST = 0.1  # ink inside over all ink, at which patches that end at the border are dropped


def without_lines(mask: Mask, strength: Grey) -> Mask:
    """Remove printed lines that run through an image, horizontal or vertical; strokes that cross them are kept.

    Args:
        mask: Ink, bool [H, W].
        strength: Contrast to the paper, float32 [H, W].
    """
    vertical = _without_horizontal_lines(mask.T, strength.T).T
    return _without_horizontal_lines(mask, strength) & vertical


def _without_horizontal_lines(mask: Mask, strength: Grey) -> Mask:
    from scipy import ndimage  # imported here: slow to import, and most commands do not need it

    height, width = mask.shape
    length = max(5, width // 6)
    tolerant = ndimage.maximum_filter1d(mask.astype(np.uint8), 3, axis=0)  # slightly inclined lines consist of steps
    runs = ndimage.minimum_filter1d(tolerant, length, axis=1, mode="constant")
    thickest = max(1, round(_MAX_LINE_THICKNESS * height))
    thick = ndimage.minimum_filter1d(mask.astype(np.uint8), thickest + 1, axis=0, mode="constant")
    thick = ndimage.maximum_filter1d(thick, thickest + 1, axis=0, origin=-(thickest % 2), mode="constant")
    runs = (
        (ndimage.maximum_filter1d(runs, length, axis=1, origin=-1 + length % 2, mode="constant") > 0)
        & mask
        & (thick == 0)
    )
    patches, count = ndimage.label(runs, np.ones((3, 3)))
    if not count:
        return mask
    lines = np.zeros(count + 1, bool)
    for patch, (_, columns) in enumerate(ndimage.find_objects(patches), 1):
        lines[patch] = columns.stop - columns.start >= _MIN_LINE * width
    line: Mask = lines[patches]
    if not line.any():
        return mask
    rest = mask & ~line
    thickness = int(np.ceil(np.quantile(line.sum(axis=0), 0.9))) + 2
    crossing = ndimage.maximum_filter1d(rest.astype(np.uint8), 2 * thickness + 1, axis=0, mode="constant")
    crossing = ndimage.minimum_filter1d(crossing, 2 * thickness + 1, axis=0, mode="nearest") > 0
    level, peak = float(np.median(strength[line])), float(np.quantile(strength[mask], 0.98))
    if peak > 1.3 * level:  # printed lines are lighter than the pen
        darker: Mask = mask & (strength > (level + peak) / 2)
        return darker
    found: Mask = rest | (line & crossing)
    return found


@dataclass(frozen=True)
class Patch:
    """A connected patch of ink.

    Attributes:
        label: Number in the array of patches.
        top: First row.
        left: First column.
        bottom: Last row.
        right: Last column.
        amount: Sum of the strength.
        contact: Number of pixels at the border of the image.
    """

    label: int
    top: int
    left: int
    bottom: int
    right: int
    amount: float
    contact: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top + 1

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left + 1

    @property
    def extent(self) -> int:
        """The longer side."""
        return max(self.height, self.width)


def strokes(mask: Mask, strength: Grey) -> tuple[NDArray[np.int32], list[Patch]]:
    """Return the patches of ink, int32 [H, W], and those of them that belong to digits: at least one.

    Args:
        mask: Ink, bool [H, W]; not empty.
        strength: Contrast to the paper, float32 [H, W].
    """
    patches, found = _patches(mask, strength)
    enclosing = _enclosing(_inside(found, patches), patches)
    if enclosing:
        mask = mask & ~np.isin(patches, [patch.label for patch in enclosing])
    rest = without_lines(mask, strength)
    patches, found = _patches(rest if rest.any() else mask, strength)
    found = _without_specks(_inside(found, patches))
    enclosing = _enclosing(found, patches)
    return patches, _without_underlines([patch for patch in found if patch not in enclosing])


def _patches(mask: Mask, strength: Grey) -> tuple[NDArray[np.int32], list[Patch]]:
    from scipy import ndimage

    patches, count = ndimage.label(mask, np.ones((3, 3)))
    amounts = np.bincount(patches.ravel(), strength.ravel(), minlength=count + 1)
    contact = border_contact(patches, count)
    boxes = ndimage.find_objects(patches)
    labels = np.arange(1, count + 1)
    if count > _MAX_PATCHES:
        labels = np.sort(1 + np.argsort(-amounts[1:], kind="stable")[:_MAX_PATCHES])
    return patches, [
        Patch(
            label,
            boxes[label - 1][0].start,
            boxes[label - 1][1].start,
            boxes[label - 1][0].stop - 1,
            boxes[label - 1][1].stop - 1,
            float(amounts[label]),
            int(contact[label]),
        )
        for label in labels.tolist()
    ]


def _without_specks(found: list[Patch]) -> list[Patch]:
    total, largest = sum(patch.amount for patch in found), max((patch.amount for patch in found), default=0)
    return [patch for patch in found if patch.amount >= min(_MIN_PATCH * total, largest)]


def _inside(found: list[Patch], patches: NDArray[np.int32]) -> list[Patch]:
    """Drop what lies along the border; and what ends at it, unless nearly all ink does."""
    along = {int(label) for label in np.unique(patches[is_along_border(patches > 0)])}
    rest = [patch for patch in found if patch.label not in along] or found
    inside = [patch for patch in rest if not patch.contact]
    enough = _MIN_BORDER_REST * sum(patch.amount for patch in rest)
    return inside if sum(patch.amount for patch in inside) > enough else rest


def _enclosing(found: list[Patch], patches: NDArray[np.int32]) -> list[Patch]:
    """Return circles and boxes: patches that surround others."""
    if len(found) > _MAX_ENCLOSING:
        found = sorted(found, key=lambda patch: -patch.amount)[:_MAX_ENCLOSING]
    enclosing = []
    for outer in found:
        inside = [patch for patch in found if _is_inside(patch, outer)]
        if inside and _surrounds_any(outer, inside, patches):
            enclosing.append(outer)
    return enclosing


def _is_inside(patch: Patch, outer: Patch) -> bool:
    """Return whether a patch is large enough and within the box of another one."""
    return (
        outer.top < patch.top
        and outer.left < patch.left
        and outer.bottom > patch.bottom
        and outer.right > patch.right
        and patch.extent >= _MIN_ENCLOSED * outer.extent
    )


def _surrounds_any(outer: Patch, inside: list[Patch], patches: NDArray[np.int32]) -> bool:
    """Return whether a patch is visible from the centre of another one in nearly all directions."""
    rows, columns = np.nonzero(patches[outer.top : outer.bottom + 1, outer.left : outer.right + 1] == outer.label)
    for inner in inside:
        row, column = (inner.top + inner.bottom) / 2 - outer.top, (inner.left + inner.right) / 2 - outer.left
        directions = np.arctan2(rows - row, columns - column)
        sectors = np.floor((directions + np.pi) * (36 / (2 * np.pi))).astype(int) % 36
        if np.count_nonzero(np.bincount(sectors, minlength=36)) >= 30:
            return True
    return False


def _without_underlines(found: list[Patch]) -> list[Patch]:
    """Drop flat patches below all the rest."""
    flat = [patch for patch in found if patch.height <= _FLAT * patch.width]
    rest = [patch for patch in found if patch not in flat]
    if not rest:
        return found
    bottom = max(patch.bottom for patch in rest)
    size = max(patch.extent for patch in rest)
    return [
        patch for patch in found if patch not in flat or patch.top <= bottom - 0.1 * size or patch.width < 0.3 * size
    ]
