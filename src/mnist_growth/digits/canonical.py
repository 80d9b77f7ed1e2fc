"""Bringing an image of one digit, of any size and polarity, to the form that the images of MNIST have.

Y. LeCun et al., *Gradient-based learning applied to document recognition*, section III-A: digits "were size normalized
to fit in a 20 x 20 pixel box while preserving their aspect ratio. The resulting images contain grey levels as result of
the antialiasing (image interpolation) technique used by the normalization algorithm [...] the images were centered in a
28 x 28 image by computing the center of mass of the pixels, and translating the image". Of the 70,000 images of MNIST
every one has its longer side of ink 20 pixels long (16 have 19), its centre of mass between 13.48 and 14.50 along both
axes, counted from pixel 0, and its brightest pixel at 254 or 255.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_growth.digits.digits import IMAGE_SIDE

BOX_SIDE = 20
"""Longer side of the ink in pixels."""

_CENTRE = 14  # where the centre of mass belongs, in pixels from 0 along both axes
_OFF_CENTRE = 0.6  # pixels from there that an image may keep: MNIST has up to 0.52
_SIDES = (BOX_SIDE - 1, BOX_SIDE)  # lengths that occur in MNIST
_PEAK = 254  # grey value that the brightest pixel reaches at least
_LARGEST_SIDE = 512  # pixels; what is larger is averaged over squares first
_LEAST_CONTRAST = 16  # grey values between background and strongest ink; a scan of an empty page has less
_INK = 0.2  # share of the contrast at which a pixel counts as ink
_HAZE = 0.05  # share of the contrast below which a pixel is background, such as the traces of JPEG compression
_NOISE = 4  # mean deviations of the margin from the background below which a pixel is background
_SPECK = 0.02  # share of all ink below which a patch of ink is no part of the digit

Pixels = NDArray[np.uint8]
Number = TypeVar("Number", bound=np.generic)


def canonical_form(pixels: Pixels) -> Pixels:
    """Return the image of a digit in MNIST form: light ink on a black background, scaled and centred as MNIST's is.

    The steps: invert if the background, which is what the margin shows, is light; drop what is noise; cut the ink out;
    scale its longer side to 20 pixels, anti-aliased; make its strongest pixel 255; put its centre of mass into the
    centre. Ink on pure black that is 20 pixels long already is only centred, so that an image of MNIST stays as it is,
    bit for bit. Slant and thickness of the strokes are left alone.

    Args:
        pixels: Grey values, uint8 [H, W], of one digit.

    Returns:
        uint8 [28, 28].

    Raises:
        ValueError: The image is empty, or shows nothing but its background.
    """
    if pixels.ndim != 2 or pixels.size == 0:
        raise ValueError(f"the image has the shape {list(pixels.shape)}; expected [height, width]")
    if has_mnist_form(pixels):
        return pixels
    if max(pixels.shape) > _LARGEST_SIDE:
        pixels = np.asarray(Image.fromarray(pixels).reduce(-(-max(pixels.shape) // _LARGEST_SIDE)))
    margin = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    darkest, lightest = int(pixels.min()), int(pixels.max())
    if lightest - darkest < _LEAST_CONTRAST:
        raise ValueError(
            f"the image shows nothing: its grey values differ by {lightest - darkest}; "
            f"expected a digit that differs from its background by at least {_LEAST_CONTRAST} of 255"
        )
    if np.median(margin) > (darkest + lightest) / 2:
        pixels, margin = 255 - pixels, 255 - margin
        if has_mnist_form(pixels):
            return pixels
    ink = _cut_out(pixels, pixels > 0)
    is_scaled = max(ink.shape) in _SIDES and ink.max() >= _PEAK and not np.median(margin)
    return _centred(ink if is_scaled else _scaled(pixels, margin))


def has_mnist_form(pixels: Pixels) -> bool:
    """Whether an image uint8 [H, W] could be one of MNIST: its size, and extent, peak and centre of its ink."""
    if pixels.shape != (IMAGE_SIDE, IMAGE_SIDE) or pixels.max() < _PEAK:
        return False
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if len(rows) == 0 or max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 not in _SIDES:
        return False
    return all(abs(_CENTRE - mass) < _OFF_CENTRE for mass in _centre_of_mass(pixels))


def _scaled(pixels: Pixels, margin: Pixels) -> Pixels:
    """The ink of an image, light on dark and larger or smaller than it should be, at its right size."""
    background = np.median(margin)
    contrast = max(float(pixels.max() - background), 1.0)
    ink = np.clip((pixels - background) / contrast, 0, 1).astype(np.float32)
    noise = float(np.abs(margin - background).mean()) / contrast
    haze = min(max(_HAZE, _NOISE * noise), 0.5)
    ink[ink < haze] = 0
    digit = _without_specks(ink, ink > max(_INK, haze))
    ink[~digit & (ink > _INK)] = 0
    ink = _cut_out(ink, digit)
    height, width = (max(1, round(side * BOX_SIDE / max(ink.shape))) for side in ink.shape)
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    scaled: Pixels = np.rint(small * (255 / small.max())).astype(np.uint8)
    return scaled


def _without_specks(ink: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of the pixels in a mask, those in patches that hold a fair share of all ink; the largest patch always stays."""
    from scipy import ndimage  # takes a while to import, and most commands do not need it

    patches, count = ndimage.label(mask, np.ones((3, 3)))
    if count < 2:
        return mask
    amounts = np.bincount(patches.ravel(), ink.ravel(), minlength=count + 1)
    amounts[0] = 0
    large: NDArray[np.bool_] = amounts >= min(_SPECK * amounts.sum(), amounts.max())
    large[0] = False
    kept: NDArray[np.bool_] = large[patches]
    return kept


def _cut_out(image: NDArray[Number], mask: NDArray[np.bool_]) -> NDArray[Number]:
    """The smallest rectangle of an image that holds all pixels of a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _centred(ink: Pixels) -> Pixels:
    """An image of 28 x 28 pixels with the ink's centre of mass in its centre, or as near to it as the ink fits in."""
    top, left = (
        min(max(round(_CENTRE - mass), 0), IMAGE_SIDE - side)
        for mass, side in zip(_centre_of_mass(ink), ink.shape, strict=True)
    )
    image = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return image


def _centre_of_mass(ink: Pixels) -> tuple[float, float]:
    """Row and column, in pixels from 0."""
    rows, columns = ink.sum(axis=1, dtype=np.float64), ink.sum(axis=0, dtype=np.float64)
    total = rows.sum()
    return float(rows @ np.arange(len(rows)) / total), float(columns @ np.arange(len(columns)) / total)
