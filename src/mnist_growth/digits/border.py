"""Patches of ink at the border of an image: scan edges, frames, shadows and corners, as opposed to strokes."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_MIN_CONTACT = 0.8  # length along the border over the extent of the patch
_MIN_DIGIT = 0.15  # extent of a digit over the shorter side of the image


def border_contact(patches: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """Return the number of border pixels of each patch, int64 [count + 1], the background first."""
    edges = [patches[0], patches[-1], patches[:, 0], patches[:, -1]]
    return np.bincount(np.concatenate(edges), minlength=count + 1)


def is_along_border(mask: Mask) -> Mask:
    """Return the patches of a mask that lie along the border rather than ending at it, bool [H, W].

    None does if nothing of the size of a digit is left without them: the image is cropped to its digit.
    """
    from scipy import ndimage  # imported here: slow to import, and most commands do not need it

    patches, count = ndimage.label(mask, np.ones((3, 3)))
    contact = border_contact(patches, count)
    along = np.zeros(count + 1, bool)
    largest = 0
    for patch, (rows, columns) in enumerate(ndimage.find_objects(patches), 1):
        extent = max(rows.stop - rows.start, columns.stop - columns.start)
        along[patch] = contact[patch] >= _MIN_CONTACT * extent
        largest = max(largest, 0 if along[patch] else extent)
    if largest < _MIN_DIGIT * min(mask.shape):
        along[:] = False
    found: Mask = along[patches]
    return found


def inner_patches(mask: Mask) -> Mask:
    """Return the patches of a mask that do not touch the border, bool [H, W]."""
    from scipy import ndimage

    patches, count = ndimage.label(mask, np.ones((3, 3)))
    inner = border_contact(patches, count) == 0
    inner[0] = False
    found: Mask = inner[patches]
    return found
