"""Separate the ink of an image from its paper, in uneven light and with either of them lighter than the other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_growth.digits.border import inner_patches

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

_COARSE_SIDE = 40  # pixels; the paper is estimated on a reduced image
_FITS = 10  # iterations of the fit
_FINE_SIDE = 96  # pixels of the second estimate
_WINDOWS = (21, 31, 45, 65)  # pixels of that image
_MAX_GROWTH = 1.15  # of the amount of ink with the next larger window
_FIRST_THRESHOLD = 0.25  # fraction of the largest contrast that counts as ink in the first pass
_MIN_STRENGTH = 8  # grey values
_NOISE_FACTOR = 4  # standard deviations of the noise of the paper


@dataclass(frozen=True, eq=False)
class Ink:
    """Ink of an image.

    Attributes:
        strength: Contrast to the paper in grey values, float32 [H, W]; at most the noise where there is no ink.
        noise: Standard deviation of the strength on free paper.
    """

    strength: Grey
    noise: float


def separate_ink(grey: Grey) -> Ink:
    """Estimate the paper and return what differs from it.

    Ink is what is in the minority in a window of half the image. Where that is dark, the paper is the closing of the
    image: the lightest paper in reach across a stroke. It follows the edges of shadows.

    Args:
        grey: Grey values, float32 [H, W].
    """
    paper = _smooth_paper(grey)
    is_dark = _is_dark(grey, paper)
    if is_dark and np.ptp(paper) > _MIN_STRENGTH:  # dark ink reflects a fraction of the light that paper reflects
        flat = grey * (paper.mean() / np.maximum(paper, 1))
    else:
        flat = grey - paper + paper.mean()
    dark = flat if is_dark else 255 - flat
    strength = _closed(dark) - dark
    strength -= np.median(strength)
    if strength.max() < _MIN_STRENGTH:  # no paper was found: take the margin for it
        margin = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        strength = np.abs(grey - np.median(margin))
    return Ink(strength, _noise(strength))


def _is_dark(grey: Grey, paper: Grey) -> bool:
    """Return whether the ink is darker than the paper."""
    rim = max(1, min(grey.shape) // 20)
    inner = np.zeros(grey.shape, bool)
    inner[rim:-rim, rim:-rim] = True
    margin = grey[~inner]
    low, high = np.quantile(margin, (0.2, 0.8))
    darkest, lightest = float(grey.min()), float(grey.max())
    if high - low < 0.1 * (lightest - darkest):
        return bool(np.median(margin) > (darkest + lightest) / 2)
    difference = paper - grey
    noise = _noise(difference)
    threshold = max(_FIRST_THRESHOLD * float(np.abs(difference).max()), _NOISE_FACTOR * noise)
    amounts = [float(strength[inner_patches(strength > threshold)].sum()) for strength in (difference, -difference)]
    return amounts[0] >= amounts[1]


def _noise(strength: Grey) -> float:
    """Return the standard deviation of values of which the majority is noise around 0."""
    return 1.4826 * float(np.median(np.abs(strength - np.median(strength))))


def _reduced(values: Grey, side: int) -> Grey:
    height, width = (max(1, round(length * min(1, side / max(values.shape)))) for length in values.shape)
    return np.asarray(Image.fromarray(values).resize((width, height), Image.Resampling.BOX))


def _enlarged(values: Grey, shape: tuple[int, ...]) -> Grey:
    return np.asarray(Image.fromarray(values).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


def _smooth_paper(grey: Grey) -> Grey:
    """Return the quadratic polynomial of the position that is closest to the majority of the grey values."""
    small = _reduced(grey, _COARSE_SIDE)
    terms = _quadratic_terms(small.shape)
    values = small.ravel().astype(np.float64)
    fitted = np.full(values.shape, np.median(values))
    for _ in range(_FITS):  # reweighted least squares: the weights turn squared into absolute differences
        differences = np.abs(values - fitted)
        weights = 1 / np.maximum(differences, 1 + 0.01 * differences.max())
        weighted = terms * weights[:, None]
        solution = np.linalg.solve(weighted.T @ terms + 1e-6 * np.eye(terms.shape[1]), weighted.T @ values)
        fitted = terms @ solution
    paper = np.clip(fitted, values.min(), values.max()).reshape(small.shape)
    return _enlarged(paper.astype(np.float32), grey.shape)


def _quadratic_terms(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return 1, x, y, x^2, xy and y^2 of every pixel, float64 [H * W, 6], with x and y from -1 to 1."""
    y, x = (axis.ravel() for axis in np.meshgrid(*(np.linspace(-1, 1, side) for side in shape), indexing="ij"))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _closed(grey: Grey) -> Grey:
    """Return the closing of an image with the smallest window that covers its strokes.

    Strokes are covered if a larger window adds little ink.
    """
    from scipy import ndimage

    small = ndimage.gaussian_filter(_reduced(grey, _FINE_SIDE), 0.7)
    papers = [ndimage.grey_closing(small, (size, size), mode="nearest") for size in _WINDOWS]
    amounts, contrast = [], float((papers[-1] - small).max())
    for paper in papers:
        strength = paper - small
        amounts.append(float(strength[strength > 0.1 * contrast].sum()))
    chosen = papers[-1]
    for paper, amount, larger in zip(papers, amounts, amounts[1:], strict=False):
        if larger <= _MAX_GROWTH * amount:
            chosen = paper
            break
    chosen = ndimage.gaussian_filter(chosen, 1.0)
    return _enlarged(chosen.astype(np.float32), grey.shape)
