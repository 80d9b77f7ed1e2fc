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

from mnist_growth.digits.digits import IMAGE_SIDE

BOX_SIDE = 20
"""Longer side of the ink in pixels."""

_CENTRE = 14  # target of the centre of mass, in pixels from 0 along both axes
_CENTRE_TOLERANCE = 0.6  # pixels; the largest deviation in MNIST is 0.52
_SIDES = (BOX_SIDE - 1, BOX_SIDE)  # lengths of the longer side that occur in MNIST
_MIN_PEAK = 254  # smallest grey value of the brightest pixel in MNIST
_MAX_SIDE = 512  # pixels; larger images are downsampled by block averaging first
_MIN_CONTRAST = 16  # grey values between background and strongest ink; a scan of an empty page has less
_INK_THRESHOLD = 0.2  # fraction of the contrast above which a pixel counts as ink
_BACKGROUND_THRESHOLD = 0.05  # fraction of the contrast below which a pixel is background, such as JPEG artefacts
_NOISE_FACTOR = 4  # multiple of the mean deviation of the margin below which a pixel is background
_MIN_PATCH = 0.02  # fraction of all ink below which a patch of ink is not part of the digit

Pixels = NDArray[np.uint8]
Number = TypeVar("Number", bound=np.generic)


def canonical_form(pixels: Pixels) -> Pixels:
    """Convert the image of a digit to MNIST format: light ink on a black background, scaled and centred as in MNIST.

    The steps are: invert the image if its background (estimated from the margin) is light, remove noise, crop to the
    ink, scale its longer side to 20 pixels with anti-aliasing, scale its brightest pixel to 255, and centre it by its
    centre of mass. Ink on pure black that is already 20 pixels long is only centred, so images of MNIST are unchanged,
    bit for bit. Slant and stroke thickness are not normalised.

    Args:
        pixels: Grey values of one digit, uint8 [H, W].

    Returns:
        Grey values, uint8 [28, 28].

    Raises:
        ValueError: The array is empty or has the wrong shape, or the image contains only background.
    """
    if pixels.ndim != 2 or pixels.size == 0:
        raise ValueError(f"The image has the shape {list(pixels.shape)}, expected [height, width]")
    if has_mnist_form(pixels):
        return pixels
    if max(pixels.shape) > _MAX_SIDE:
        pixels = np.asarray(Image.fromarray(pixels).reduce(-(-max(pixels.shape) // _MAX_SIDE)))
    margin = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    darkest, lightest = int(pixels.min()), int(pixels.max())
    if lightest - darkest < _MIN_CONTRAST:
        raise ValueError(
            f"The image shows nothing: its grey values differ by {lightest - darkest}, "
            f"expected a digit that differs from its background by at least {_MIN_CONTRAST} of 255"
        )
    if np.median(margin) > (darkest + lightest) / 2:
        pixels, margin = 255 - pixels, 255 - margin
        if has_mnist_form(pixels):
            return pixels
    ink = _crop(pixels, pixels > 0)
    is_scaled = max(ink.shape) in _SIDES and ink.max() >= _MIN_PEAK and not np.median(margin)
    return _centred(ink if is_scaled else _scaled(pixels, margin))


def has_mnist_form(pixels: Pixels) -> bool:
    """Return whether an image uint8 [H, W] matches MNIST in size, and in extent, peak and centre of its ink."""
    if pixels.shape != (IMAGE_SIDE, IMAGE_SIDE) or pixels.max() < _MIN_PEAK:
        return False
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if len(rows) == 0 or max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 not in _SIDES:
        return False
    return all(abs(_CENTRE - mass) < _CENTRE_TOLERANCE for mass in _centre_of_mass(pixels))


def _scaled(pixels: Pixels, margin: Pixels) -> Pixels:
    """Return the ink of an image with a dark background, without noise and scaled to the target size."""
    background = np.median(margin)
    contrast = max(float(pixels.max() - background), 1.0)
    ink = np.clip((pixels - background) / contrast, 0, 1).astype(np.float32)
    noise = float(np.abs(margin - background).mean()) / contrast
    background_limit = min(max(_BACKGROUND_THRESHOLD, _NOISE_FACTOR * noise), 0.5)
    ink[ink < background_limit] = 0
    digit = _without_specks(ink, ink > max(_INK_THRESHOLD, background_limit))
    ink[~digit & (ink > _INK_THRESHOLD)] = 0
    ink = _crop(ink, digit)
    height, width = (max(1, round(side * BOX_SIDE / max(ink.shape))) for side in ink.shape)
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    scaled: Pixels = np.rint(small * (255 / small.max())).astype(np.uint8)
    return scaled


def _without_specks(ink: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Remove patches with a small fraction of all ink from a mask; the largest patch is always kept."""
    from scipy import ndimage  # imported here: slow to import, and most commands do not need it

    patches, count = ndimage.label(mask, np.ones((3, 3)))
    if count < 2:
        return mask
    amounts = np.bincount(patches.ravel(), ink.ravel(), minlength=count + 1)
    amounts[0] = 0
    large: NDArray[np.bool_] = amounts >= min(_MIN_PATCH * amounts.sum(), amounts.max())
    large[0] = False
    kept: NDArray[np.bool_] = large[patches]
    return kept


def _crop(image: NDArray[Number], mask: NDArray[np.bool_]) -> NDArray[Number]:
    """Crop an image to the bounding box of a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _centred(ink: Pixels) -> Pixels:
    """Place ink in a 28 x 28 image, with its centre of mass as close to the centre as the size of the ink allows."""
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
