"""Convert a decoded image of any mode to grey values from 0 to 255."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_growth.digits.scale import grey_factor

Grey = NDArray[np.uint8]

_SMALL = (128, 128)  # pixels; colours are compared on a reduced image
_BLUR = 8  # pixels of that image; changes over longer distances are light, not ink
_MIN_LUMA = 0.4  # variance of the luma over that of the strongest colour, from which on the luma shows the ink
_OPAQUE = 250  # alpha from which on a pixel shows its own colour
_MIN_STEP = 48  # grey values between the border of the opaque part and something on it: a page, not just strokes
_MIN_SHARE = 0.005  # fraction of the opaque part that differs by this step


def grey_values(image: Image.Image) -> Grey:
    """Convert an image of any mode to grey values, uint8 [H, W].

    Colours become luma (ITU-R 601-2), unless another mixture of the channels shows the ink much better, such as blue
    for a yellow pen on white paper. Transparent parts of a page take the shade of the border of its opaque part;
    strokes on a transparent background are placed on white if they are dark, and on black if they are light.

    Args:
        image: A decoded image.

    Raises:
        ValueError: The grey values are on another scale than 0..255, the bits in use, or 0..1 (floating point).
    """
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode == "L" and not image.has_transparency_data:
        return _on_scale(np.asarray(image))
    if image.mode.startswith(("I", "F")):
        return _on_scale(np.asarray(image))
    if image.has_transparency_data:
        return _opaque(image)
    return _from_colours(image.convert("RGB"))


def _on_scale(values: NDArray[np.generic]) -> Grey:
    """Convert integer or floating-point grey values to 8 bits.

    Integers keep the highest 8 of the bits in use. Floating-point values up to 1 are scaled from 0..1.
    """
    lowest, highest = float(values.min()), float(values.max())
    if values.dtype.kind == "f":
        factor = grey_factor(lowest, highest, is_float=True)
        return np.rint(np.clip(values.astype(np.float64) * factor, 0, 255)).astype(np.uint8)
    bits = int(highest).bit_length()
    if values.dtype == np.uint8 or bits <= 8 or lowest < 0:
        if lowest < 0 or lowest == 0:  # from 1 on, 0 is not black either: a dark image
            grey_factor(lowest, highest, is_float=False)
        return values.astype(np.uint8)
    shifted: Grey = np.right_shift(values, bits - 8).astype(np.uint8)
    return shifted


def _from_colours(image: Image.Image) -> Grey:
    """Convert colours, mode RGB, to the grey values that show the ink."""
    luma = np.asarray(image.convert("L"))
    small = image.copy()
    small.thumbnail(_SMALL, Image.Resampling.BOX)
    colours = np.asarray(small, np.float64)
    if np.ptp(colours, axis=2).max() < _MIN_STEP / 2:  # grey, or nearly
        return luma
    from scipy import ndimage  # imported here: slow to import, and most images are grey

    details = colours - ndimage.gaussian_filter(colours, (_BLUR, _BLUR, 0))
    details = details.reshape(-1, 3)
    _, directions = np.linalg.eigh(details.T @ details)
    weights = directions[:, -1] / np.abs(directions[:, -1]).sum()
    luma_details = details @ np.array([0.299, 0.587, 0.114])
    strongest = details @ weights
    if (strongest**2).mean() < 1 or (luma_details**2).sum() >= _MIN_LUMA * (strongest**2).sum():
        return luma
    weights *= 1.0 if luma_details @ strongest >= 0 else -1.0
    mixed = np.asarray(image) @ weights.astype(np.float32) - 255 * min(0.0, float(weights[weights < 0].sum()))
    grey: Grey = np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)
    return grey


def _opaque(image: Image.Image) -> Grey:
    """Return the grey values of a transparent image on a background that goes with its opaque pixels."""
    colours = image.convert("RGBA")
    alpha = np.asarray(colours.getchannel("A"))
    grey, opacity = _from_colours(colours.convert("RGB")), alpha.astype(np.float32) / 255
    background = _background(grey, alpha)
    return np.rint(grey * opacity + background * (1 - opacity)).astype(np.uint8)


def _background(grey: Grey, alpha: Grey) -> float:
    """Return the shade for transparent pixels: that of the page if there is one, else the opposite of the strokes."""
    opaque = alpha >= _OPAQUE
    if opaque.any():
        border = float(np.median(grey[_edge(opaque)]))
        differing = np.count_nonzero(np.abs(grey[opaque] - border) >= _MIN_STEP)
        if differing >= _MIN_SHARE * np.count_nonzero(opaque):
            return border
    weights = alpha.astype(np.float64)
    ink = float((grey * weights).sum() / max(weights.sum(), 1.0))
    return 255.0 if ink < 128 else 0.0


def _edge(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a mask at its edge, or at the border of the image."""
    inner = np.zeros_like(mask)
    inner[1:-1, 1:-1] = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    return mask & ~inner
