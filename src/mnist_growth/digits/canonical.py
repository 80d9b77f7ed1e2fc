"""Convert an image of one digit, of any size and polarity, to the format of MNIST.

Y. LeCun et al., *Gradient-based learning applied to document recognition*, section III-A: digits "were size normalized
to fit in a 20 x 20 pixel box while preserving their aspect ratio. The resulting images contain grey levels as result of
the antialiasing (image interpolation) technique used by the normalization algorithm [...] the images were centered in a
28 x 28 image by computing the center of mass of the pixels, and translating the image". In all 70,000 images of MNIST,
the longer side of the ink is 20 pixels long (19 in 16 images), the centre of mass lies between 13.48 and 14.50 along
both axes, counted from pixel 0, and the brightest pixel is 254 or 255.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_growth.digits.border import is_along_border
from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.digits.doubt import LOW_CONTRAST, TOUCHES_BORDER, CanonicalImage, several_digits
from mnist_growth.digits.grouping import count_digits, digits_of
from mnist_growth.digits.ink import separate_ink
from mnist_growth.digits.marks import Patch, strokes
from mnist_growth.digits.page import page_of

BOX_SIDE = 20
"""Longer side of the ink in pixels."""

_CENTRE = 14  # target of the centre of mass, in pixels from 0 along both axes
_CENTRE_TOLERANCE = 0.6  # pixels; the largest deviation in MNIST is 0.52
_SIDES = (BOX_SIDE - 1, BOX_SIDE)  # lengths of the longer side that occur in MNIST
_MIN_PEAK = 254  # smallest grey value of the brightest pixel in MNIST
_MAX_SIDE = 512  # pixels; larger images are downsampled by block averaging first
_MIN_CONTRAST = 16  # grey values between background and strongest ink; a scan of an empty page has less
_INK_THRESHOLD = 0.2  # fraction of the contrast above which a pixel counts as ink
_HIGHER_THRESHOLDS = (0.4, 0.6)  # the same if the digit seems to touch the border
_FIRST_THRESHOLD = 0.15  # the same before the contrast of the digit is known
_LOW_CONTRAST = 20  # grey values between paper and ink below which the digit is doubtful
_CLEAR_CONTRAST = 100  # grey values from which on the digit is visible whatever the noise, which ink may have caused
_LOW_CONTRAST_NOISE = 5  # standard deviations of the noise below which the digit is doubtful
_BACKGROUND_THRESHOLD = 0.05  # fraction of the contrast below which a pixel is background, such as JPEG artefacts
_NOISE_FACTOR = 4  # standard deviations of the noise of the paper below which a pixel is background

Pixels = NDArray[np.uint8]
Grey = NDArray[np.float32]
Number = TypeVar("Number", bound=np.generic)


def canonical_form(pixels: Pixels) -> Pixels:
    """Convert the image of a digit to MNIST format, uint8 [28, 28]; `convert` describes how."""
    return convert(pixels).image


def convert(pixels: Pixels) -> CanonicalImage:
    """Convert the image of a digit to MNIST format: light ink on a black background, scaled and centred as in MNIST.

    The steps are: find the page, estimate its paper, separate the ink from it, remove what is not part of the digit,
    scale the longer side of the digit to 20 pixels with anti-aliasing and its brightest pixel to 255, and centre it by
    its centre of mass. Ink on pure black that is already 20 pixels long is only centred, so images of MNIST are
    unchanged, bit for bit. Slant and stroke thickness are not normalised.

    Args:
        pixels: Grey values of one digit, uint8 [H, W].

    Raises:
        ValueError: The array is empty or has the wrong shape, or the image contains only background.
    """
    if pixels.ndim != 2 or pixels.size == 0:
        raise ValueError(f"The image has the shape {list(pixels.shape)}, expected [height, width]")
    if has_mnist_form(pixels):
        return CanonicalImage(pixels)
    if max(pixels.shape) > _MAX_SIDE:
        pixels = np.asarray(Image.fromarray(pixels).reduce(-(-max(pixels.shape) // _MAX_SIDE)))
    darkest, lightest = int(pixels.min()), int(pixels.max())
    if lightest - darkest < _MIN_CONTRAST:
        raise ValueError(
            f"The image shows nothing: its grey values differ by {lightest - darkest}, "
            f"expected a digit that differs from its background by at least {_MIN_CONTRAST} of 255"
        )
    for shade in (pixels, 255 - pixels):
        if (exact := _exact_form(shade)) is not None:
            return CanonicalImage(exact)
    return _photograph(pixels.astype(np.float32))


def _exact_form(pixels: Pixels) -> Pixels | None:
    """Return the form of ink on pure black that has the size of MNIST, which is only moved; None for other images."""
    if has_mnist_form(pixels):
        return pixels
    margin = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if np.median(margin) or not pixels.any():
        return None
    ink = _crop(pixels, pixels > 0)
    return centred(ink) if max(ink.shape) in _SIDES and ink.max() >= _MIN_PEAK else None


def _photograph(grey: NDArray[np.float32]) -> CanonicalImage:
    """Convert any other image."""
    grey = page_of(grey)
    ink = separate_ink(grey)
    strength, limit = ink.strength, _NOISE_FACTOR * ink.noise
    mask = strength > max(_FIRST_THRESHOLD * float(strength.max()), limit)
    mask &= ~is_along_border(mask)
    if not mask.any():
        mask = strength >= max(_FIRST_THRESHOLD * float(strength.max()), 1.0)
    if not mask.any():
        raise ValueError("The image shows nothing: expected a digit that differs from the paper around it")
    peak = float(np.quantile(strength[mask], 0.95))
    limit = min(limit, 0.5 * peak)
    patches, groups = _digits(strength, peak, limit, _INK_THRESHOLD)
    for threshold in _HIGHER_THRESHOLDS:  # what joins the digit to the border may be a shadow
        if not any(patch.contact for patch in groups[0]):
            break
        other, higher = _digits(strength, peak, limit, threshold)
        if not any(patch.contact for patch in higher[0]):
            patches, groups = other, higher
    digit = np.isin(patches, [patch.label for patch in groups[0]])
    doubts = _doubts(groups, peak, ink.noise, grey.shape)
    return CanonicalImage(centred(_scaled(strength, digit, limit)), doubts)


def _digits(strength: Grey, peak: float, limit: float, threshold: float) -> tuple[NDArray[np.int32], list[list[Patch]]]:
    """Return the patches of ink, int32 [H, W], and those of each digit, the one with most ink first."""
    patches, found = strokes(strength > max(threshold * peak, limit), strength)
    return patches, digits_of(found)


def _doubts(groups: list[list[Patch]], peak: float, noise: float, shape: tuple[int, ...]) -> tuple[str, ...]:
    doubts = []
    if (count := count_digits(groups)) > 1:
        doubts.append(several_digits(count))
    digit = groups[0]
    extents = [
        max(patch.bottom for patch in digit) - min(patch.top for patch in digit) + 1,
        max(patch.right for patch in digit) - min(patch.left for patch in digit) + 1,
    ]
    is_cropped = any(extent >= side - 2 for extent, side in zip(extents, shape, strict=True))
    if any(patch.contact for patch in digit) and not is_cropped:
        doubts.append(TOUCHES_BORDER)
    if peak < min(max(_LOW_CONTRAST, _LOW_CONTRAST_NOISE * noise), _CLEAR_CONTRAST):
        doubts.append(LOW_CONTRAST)
    return tuple(doubts)


def has_mnist_form(pixels: Pixels) -> bool:
    """Return whether an image uint8 [H, W] matches MNIST in size, and in extent, peak and centre of its ink."""
    if pixels.shape != (IMAGE_SIDE, IMAGE_SIDE) or pixels.max() < _MIN_PEAK:
        return False
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if len(rows) == 0 or max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 not in _SIDES:
        return False
    return all(abs(_CENTRE - mass) < _CENTRE_TOLERANCE for mass in _centre_of_mass(pixels))


def _scaled(strength: NDArray[np.float32], digit: NDArray[np.bool_], limit: float) -> Pixels:
    """Return the ink of a digit without noise, scaled to the size of MNIST."""
    from scipy import ndimage  # imported here: slow to import, and most commands do not need it

    peak = float(strength[digit].max())
    ink = np.clip(strength / peak, 0, 1).astype(np.float32)
    rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
    size = max(np.ptp(rows), np.ptp(columns)) + 1
    near = ndimage.binary_dilation(digit, np.ones((3, 3)), iterations=1 + size // 40)
    ink[~near | (ink < min(max(_BACKGROUND_THRESHOLD, 0.5 * limit / peak), 0.5))] = 0
    ink = _crop(ink, digit)
    height, width = (max(1, round(side * BOX_SIDE / max(ink.shape))) for side in ink.shape)
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    scaled: Pixels = np.rint(small * (255 / small.max())).astype(np.uint8)
    return scaled


def _crop(image: NDArray[Number], mask: NDArray[np.bool_]) -> NDArray[Number]:
    """Crop an image to the bounding box of a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def centred(ink: Pixels) -> Pixels:
    """Place ink in a 28 x 28 image, with its centre of mass as close to the centre as the size of the ink allows.

    Args:
        ink: Light ink on black, uint8 [H, W] of at most 28 pixels each.

    Returns:
        uint8 [28, 28].
    """
    top, left = (
        min(max(round(_CENTRE - mass), 0), IMAGE_SIDE - side)
        for mass, side in zip(_centre_of_mass(ink), ink.shape, strict=True)
    )
    image = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return image


def _centre_of_mass(ink: Pixels) -> tuple[float, float]:
    """Return the row and column of the centre of mass, in pixels from 0."""
    rows, columns = ink.sum(axis=1, dtype=np.float64), ink.sum(axis=0, dtype=np.float64)
    total = rows.sum()
    return float(rows @ np.arange(len(rows)) / total), float(columns @ np.arange(len(columns)) / total)
