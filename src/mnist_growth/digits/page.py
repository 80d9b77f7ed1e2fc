"""Find the page in an image: the paper inside a frame, a scan edge, filled corners or a drawn box, or on a table."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SIDE = 256  # pixels; larger images are reduced before they are searched
_MIN_AREA = 0.12  # fraction of the image
_MIN_RECTANGULARITY = 0.85  # area over that of the smallest rectangle around it; an ellipse has 0.785
_MIN_SURFACE = 0.5  # fraction of the page that is not covered by ink
_MIN_CONTENT = 0.2  # extent of the ink over the shorter side of the page
_MIN_STEP = 0.4  # contrast at the edge of the page over that between light and dark: a shadow has soft edges


def page_of(grey: Grey) -> Grey:
    """Crop an image to its page; what lies around the page within this rectangle becomes paper.

    A page is a nearly rectangular surface with a sharp edge, on which there is something in the opposite shade. The
    smallest one is taken, such as the inside of a drawn box.

    Args:
        grey: Grey values, float32 [H, W].

    Returns:
        Grey values, float32 [h, w]; the whole image if there is no page in it.
    """
    factor = -(-max(grey.shape) // _SIDE)
    small = np.asarray(Image.fromarray(grey).reduce(factor)) if factor > 1 else grey
    page = _find(small)
    if page is None:
        return grey
    from scipy import ndimage  # imported here: slow to import, and most commands do not need it

    page = ndimage.binary_erosion(page, np.ones((3, 3)), iterations=1 + max(small.shape) // 128, border_value=1)
    full: Mask = page.repeat(factor, axis=0).repeat(factor, axis=1)[: grey.shape[0], : grey.shape[1]]
    rows, columns = np.flatnonzero(full.any(axis=1)), np.flatnonzero(full.any(axis=0))
    if len(rows) == 0:
        return grey
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    nearest = ndimage.distance_transform_edt(~full[box], return_distances=False, return_indices=True)
    cropped: Grey = grey[box][tuple(nearest)]
    return cropped


def otsu(values: NDArray[np.floating]) -> float:
    """Return the threshold that separates values into two classes with the smallest variance within (N. Otsu, 1979)."""
    counts, edges = np.histogram(values, 128)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    between = np.nan_to_num(between)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))  # a plateau between two separate classes
    return float(edges[1:][best].mean())


def _find(grey: Grey) -> Mask | None:
    """Return the mask of the smallest page."""
    from scipy import ndimage

    threshold = otsu(grey)
    light = grey > threshold
    if light.all() or not light.any():
        return None
    contrast = float(grey[light].mean() - grey[~light].mean())
    pages = []
    for shade in (light, ~light):
        regions, _ = ndimage.label(shade)
        areas = np.bincount(regions.ravel())
        areas[0] = 0
        for region in np.flatnonzero(areas >= _MIN_SURFACE * _MIN_AREA * grey.size):
            surface: Mask = regions == region
            page: Mask = ndimage.binary_fill_holes(surface)
            area = np.count_nonzero(page)
            if (
                area >= max(_MIN_AREA * grey.size, areas[region])
                and area < grey.size
                and areas[region] >= _MIN_SURFACE * area
                and area >= _MIN_RECTANGULARITY * _rectangle_area(page)
                and _has_content(surface, page)
                and abs(_step(grey, page)) >= _MIN_STEP * contrast
            ):
                pages.append((area, page))
    return min(pages, key=lambda found: found[0])[1] if pages else None


def _has_content(surface: Mask, page: Mask) -> bool:
    """Return whether there is something on a page that is thinner than the free surface."""
    from scipy import ndimage

    content = page & ~surface
    marks, _ = ndimage.label(content, np.ones((3, 3)))
    sides = [max(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in ndimage.find_objects(marks)]
    rows, columns = np.flatnonzero(page.any(axis=1)), np.flatnonzero(page.any(axis=0))
    shorter = min(np.ptp(rows), np.ptp(columns)) + 1
    if not sides or max(sides) < _MIN_CONTENT * shorter:
        return False
    thickness, thickest = (float(ndimage.distance_transform_cdt(mask).max()) for mask in (content, surface))
    return thickest > thickness


def _step(grey: Grey, page: Mask) -> float:
    """Return the difference of the grey values on both sides of the edge of a page."""
    from scipy import ndimage

    square = np.ones((3, 3))
    inside = page & ~ndimage.binary_erosion(page, square, iterations=4, border_value=1)
    inside &= ndimage.binary_erosion(page, square, iterations=1, border_value=1)
    outside = ndimage.binary_dilation(page, square, iterations=3) & ~ndimage.binary_dilation(page, square)
    if not outside.any():  # a frame of one pixel
        outside = ndimage.binary_dilation(page, square) & ~page
    if not inside.any() or not outside.any():
        return 0.0
    return float(np.median(grey[inside]) - np.median(grey[outside]))


def _rectangle_area(mask: Mask) -> float:
    """Return the area of the smallest rectangle, in any direction, around a mask."""
    from scipy.spatial import ConvexHull, QhullError

    rows = np.flatnonzero(mask.any(axis=1))
    first, last = mask.argmax(axis=1)[rows], mask.shape[1] - mask[:, ::-1].argmax(axis=1)[rows]
    corners = np.concatenate([np.stack([rows + side, columns], axis=1) for columns in (first, last) for side in (0, 1)])
    try:
        hull = corners[ConvexHull(corners).vertices].astype(float)
    except QhullError:
        return float("inf")
    edges = np.roll(hull, -1, axis=0) - hull
    angles = np.arctan2(edges[:, 1], edges[:, 0])
    along = hull @ np.stack([np.cos(angles), np.sin(angles)])
    across = hull @ np.stack([-np.sin(angles), np.cos(angles)])
    return float((np.ptp(along, axis=0) * np.ptp(across, axis=0)).min())
