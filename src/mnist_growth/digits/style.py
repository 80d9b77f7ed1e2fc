"""Writing style of a digit: slant, stroke thickness, ink, broken strokes, size and position.

Images are measured in batches: they are concatenated with empty pixels in between, so that one call of scipy or
scikit-image processes a full batch.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

GAP_PIXELS = 2
"""Maximum width of a break in a stroke that counts as a gap, in pixels."""

_CHUNK = 100  # images measured at once: 1.3 MB for each array of doubled pixels, 2.6 MB where it is float64


@dataclass(frozen=True, eq=False)
class Style:
    """Writing style of N digits; `pandas.DataFrame(vars(style))` converts it to a table.

    A pixel belongs to the stroke if it is brighter than half of the brightest pixel of its image. Measures that are
    undefined for an image without ink are NaN.

    Attributes:
        slant: Angle of the digit's vertical axis in degrees, positive if it leans to the right; float64 [N]. Computed
            from the central moments of the grey values: arctan(-mu11 / mu02), with y pointing down.
        thickness: Mean width of the stroke in pixels, float64 [N]: twice the distance to the background, averaged over
            the skeleton (Castro et al., "Morpho-MNIST", JMLR 20, 2019, section 3.1), here of images of twice the size.
            Unbiased on average over all directions for strokes 2 to 4 pixels wide, with an error of at most 0.7 pixels.
        ink: Mean grey value, 0 to 255, float64 [N].
        components: Number of connected components, int64 [N]; pixels are connected at sides and corners.
        holes: Number of background areas enclosed by the stroke, int64 [N]: 1 for a closed zero.
        gaps: Number of narrow breaks of the stroke, int64 [N]: components joined and loops closed by a morphological
            closing that bridges up to `GAP_PIXELS`.
        end_points: Number of ends of the stroke, int64 [N]: skeleton pixels with one neighbour.
        left: First column of the stroke, int64 [N], 0 to 27; 0 without ink.
        top: First row of the stroke, int64 [N], 0 to 27; 0 without ink.
        width: Number of columns from the first to the last one of the stroke, int64 [N]; 0 without ink.
        height: Number of rows from the first to the last one of the stroke, int64 [N]; 0 without ink.
        centre_x: Centre of mass of the grey values, in pixels to the right of the image centre; float64 [N].
        centre_y: Centre of mass of the grey values, in pixels below the image centre; float64 [N].
    """

    slant: NDArray[np.float64]
    thickness: NDArray[np.float64]
    ink: NDArray[np.float64]
    components: NDArray[np.int64]
    holes: NDArray[np.int64]
    gaps: NDArray[np.int64]
    end_points: NDArray[np.int64]
    left: NDArray[np.int64]
    top: NDArray[np.int64]
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    centre_x: NDArray[np.float64]
    centre_y: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.slant)


def measure_style(images: NDArray[np.uint8]) -> Style:
    """Measure the writing style of digits; 10,000 digits take a few seconds on one core.

    Args:
        images: Grey values 0 to 255, uint8 of shape [N, H, W], N >= 1, bright strokes on black; an array or a memory
            map.

    Raises:
        ValueError: The shape or dtype of the images is wrong, or there are none.
    """
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(f"The images are {images.dtype} {list(images.shape)}, expected uint8 [N, H, W]")
    if len(images) == 0:
        raise ValueError("There are no images to measure, expected at least one")
    parts = [_measure(images[start : start + _CHUNK]) for start in range(0, len(images), _CHUNK)]
    return Style(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Style)))


def stroke_mask(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the mask of the stroke, bool [N, H, W]: pixels brighter than half of the brightest one of their image."""
    brightest = images.max(axis=(1, 2), keepdims=True)
    return np.asarray(images > brightest / 2)


def _measure(images: NDArray[np.uint8]) -> Style:
    """Measure the writing style of one batch."""
    mask = stroke_mask(images)
    slant, centre_x, centre_y = _moments(images)
    thickness, end_points = _along_skeleton(images)
    components, holes, gaps = _topology(mask)
    left, width = _extent(np.logical_or.reduce(mask, axis=1))
    top, height = _extent(np.logical_or.reduce(mask, axis=2))
    return Style(
        slant=slant,
        thickness=thickness,
        ink=images.mean(axis=(1, 2)),
        components=components,
        holes=holes,
        gaps=gaps,
        end_points=end_points,
        left=left,
        top=top,
        width=width,
        height=height,
        centre_x=centre_x,
        centre_y=centre_y,
    )


def _moments(images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Compute the slant in degrees, and the centre of mass in pixels from the image centre."""
    grey = images.astype(np.float64)
    x = np.arange(images.shape[2]) - (images.shape[2] - 1) / 2
    y = np.arange(images.shape[1]) - (images.shape[1] - 1) / 2
    mass = grey.sum(axis=(1, 2))
    mass[mass == 0] = np.nan
    by_row = grey.sum(axis=2)  # [N, H]
    x_by_row = grey @ x  # [N, H]
    centre_x, centre_y = x_by_row.sum(axis=1) / mass, by_row @ y / mass
    mu11 = x_by_row @ y / mass - centre_x * centre_y
    mu02 = by_row @ y**2 / mass - centre_y**2
    return np.degrees(np.arctan2(-mu11, mu02)), centre_x, centre_y


def _along_skeleton(images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Compute the thickness in pixels and the number of end points from the skeleton of the doubled image."""
    from scipy import ndimage  # imported here: slow, and only style measurements need it
    from skimage.morphology import skeletonize

    doubled = _doubled(_doubled(images.astype(np.float32), axis=1), axis=2)
    stacked = _padded(doubled > images.max(axis=(1, 2), keepdims=True) / 2)
    column = stacked.reshape(-1, stacked.shape[2])
    skeleton: NDArray[np.bool_] = skeletonize(column)  # type: ignore[no-untyped-call]
    distance = ndimage.distance_transform_edt(column)
    neighbours = _box_sums(skeleton) - skeleton
    by_image = (len(images), -1)
    pixels = skeleton.reshape(by_image).sum(axis=1)
    total_distance = (distance * skeleton).reshape(by_image).sum(axis=1)
    mean_distance = np.divide(total_distance, pixels, out=np.full(len(images), np.nan), where=pixels > 0)
    ends = (skeleton & (neighbours == 1)).reshape(by_image).sum(axis=1)
    # The distance from the centre line to the edge in doubled pixels equals the full stroke width in pixels.
    return mean_distance, ends.astype(np.int64)


def _topology(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count the components, holes and narrow gaps of the stroke."""
    from scipy import ndimage

    wide = _padded(mask, GAP_PIXELS)
    square = np.ones(
        (1, GAP_PIXELS + 1, GAP_PIXELS + 1), dtype=np.bool_
    )  # flat, so that images do not affect each other
    closed = ndimage.binary_closing(wide, square)
    components, holes = _count_components(wide), _count_holes(wide)
    joined = components - _count_components(closed)
    closed_loops = np.maximum(_count_holes(closed) - holes, 0)  # closing also fills small holes, which are not gaps
    return components, holes, joined + closed_loops


def _count_components(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the connected components of each image; pixels are connected at sides and corners."""
    return _count_labels(mask, np.ones((1, 3, 3), dtype=np.bool_))


def _count_holes(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the enclosed areas of each image; background pixels are connected at sides only."""
    cross = np.array([[[False, True, False], [True, True, True], [False, True, False]]])
    return _count_labels(~mask, cross) - 1  # the frame around the image is one area


def _count_labels(mask: NDArray[np.bool_], connectivity: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the connected areas of each image of a stack [N, H, W]; ``connectivity`` is flat, bool [1, 3, 3]."""
    from scipy import ndimage

    structure = np.concatenate([np.zeros_like(connectivity), connectivity, np.zeros_like(connectivity)])
    labels, count = ndimage.label(mask, structure)
    owner = np.zeros(count + 1, dtype=np.int64)
    owner[labels] = np.arange(len(mask)).reshape(-1, 1, 1)  # all pixels of a label are in one image
    return np.bincount(owner[1:], minlength=len(mask))


def _extent(occupied: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first true position of each row [N, S] and the length up to the last one; 0 and 0 if there is none."""
    first = occupied.argmax(axis=1)
    last = occupied.shape[1] - 1 - occupied[:, ::-1].argmax(axis=1)
    length = np.where(occupied.any(axis=1), last - first + 1, 0)
    return first.astype(np.int64), length.astype(np.int64)


def _padded(mask: NDArray[np.bool_], width: int = 1) -> NDArray[np.bool_]:
    """Pad each image of a stack with empty pixels."""
    return np.pad(mask, ((0, 0), (width, width), (width, width)))


def _doubled(images: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Double the pixels along an axis by linear interpolation; pixels at the border are repeated."""
    lines = np.moveaxis(images, axis, -1)
    padded = np.pad(lines, [(0, 0)] * (lines.ndim - 1) + [(1, 1)], mode="edge")
    result = np.empty((*lines.shape[:-1], 2 * lines.shape[-1]), dtype=np.float32)
    result[..., ::2] = 0.75 * lines + 0.25 * padded[..., :-2]
    result[..., 1::2] = 0.75 * lines + 0.25 * padded[..., 2:]
    return np.moveaxis(result, -1, axis)


def _box_sums(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Count the set pixels in the 3 x 3 neighbourhood of each pixel of an image [H, W]."""
    padded = np.pad(mask, 1).astype(np.uint8)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray(rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:])
