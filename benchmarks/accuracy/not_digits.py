"""Images that are not digits, drawn with other code and other fonts than the outliers that detectors learn from."""

import string
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from mnist_growth.digits import IMAGE_SIDE, canonical_form

Images = NDArray[np.uint8]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

DIGIT_LIKE = frozenset("BgIlOoqSsZz")
"""Letters that are written like a digit."""

CLEAR_LETTERS = "".join(letter for letter in string.ascii_letters if letter not in DIGIT_LIKE)
FONT_SIZE = 70  # pixels

_CANVAS = 120  # pixels
_SCRIBBLE = 112  # pixels
_POINTS = 12  # of a curve between two of its corners


def kinds(fonts: Sequence[Font]) -> Mapping[str, Callable[[np.random.Generator], Images]]:
    """Return functions that draw one image, uint8 [28, 28], by the names of their kinds.

    Args:
        fonts: Fonts of the letters and of the printed digits.
    """
    return {
        "letters": lambda generator: character(string.ascii_letters, fonts, generator),
        "clear letters": lambda generator: character(CLEAR_LETTERS, fonts, generator),
        "scribbles": scribble,
        "noise": noise,
        "clothing": clothing,
        "clothing in MNIST form": lambda generator: canonical_form(clothing(generator)),
        "printed digits": lambda generator: character(string.digits, fonts, generator),
    }


def character(characters: str, fonts: Sequence[Font], generator: np.random.Generator) -> Images:
    """Return one of the characters, turned and sheared a little, in MNIST form."""
    image = Image.new("L", (_CANVAS, _CANVAS))
    ImageDraw.Draw(image).text(
        (_CANVAS / 2, _CANVAS / 2),
        characters[int(generator.integers(len(characters)))],
        fill=255,
        font=fonts[int(generator.integers(len(fonts)))],
        anchor="mm",
        stroke_width=int(generator.integers(0, 3)),
    )
    turned = image.rotate(float(generator.normal(0, 6)), Image.Resampling.BILINEAR)
    shear = float(generator.normal(0, 0.12))
    coefficients = (1, shear, -shear * _CANVAS / 2, 0, 1, 0)
    sheared = turned.transform(image.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
    return canonical_form(np.asarray(sheared.filter(ImageFilter.GaussianBlur(1.2))))


def scribble(generator: np.random.Generator) -> Images:
    """Return one to three smooth curves (Catmull-Rom splines) through random points, in MNIST form."""
    image = Image.new("L", (_SCRIBBLE, _SCRIBBLE))
    draw = ImageDraw.Draw(image)
    for _ in range(generator.integers(1, 4)):
        points = generator.uniform(15, _SCRIBBLE - 15, (generator.integers(4, 10), 2))
        padded = np.concatenate([points[:1], points, points[-1:]])
        steps = np.linspace(0, 1, _POINTS)[:, np.newaxis]
        curve = np.concatenate([_spline(padded[start : start + 4], steps) for start in range(len(points) - 1)])
        draw.line([(float(x), float(y)) for x, y in curve], fill=255, width=int(generator.integers(5, 11)))
    return canonical_form(np.asarray(image.filter(ImageFilter.GaussianBlur(1.5))))


def _spline(corners: NDArray[np.float64], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points [P, 2] between the second and third of four corners [4, 2], at steps [P, 1] from 0 to 1."""
    before, start, stop, after = corners
    cubic = -before + 3 * start - 3 * stop + after
    square = 2 * before - 5 * start + 4 * stop - after
    points: NDArray[np.float64] = 0.5 * (2 * start + (stop - before) * steps + square * steps**2 + cubic * steps**3)
    return points


def noise(generator: np.random.Generator) -> Images:
    """Return independent pixels, blurred by 0, 1 or 2 pixels, and sometimes black and white."""
    values = generator.uniform(0, 255, (IMAGE_SIDE, IMAGE_SIDE)).astype(np.uint8)
    blurred = Image.fromarray(values).filter(ImageFilter.GaussianBlur(float(generator.integers(0, 3))))
    grey = np.asarray(blurred, np.float64)
    grey = 255 * (grey - grey.min()) / np.ptp(grey)
    if generator.random() < 0.3:
        grey = 255.0 * (grey > generator.uniform(100, 220))
    pixels: Images = grey.astype(np.uint8)
    return pixels


def clothing(generator: np.random.Generator) -> Images:
    """Return the silhouette of a garment with a grainy or striped texture, uint8 [28, 28], as in Fashion-MNIST."""
    image = Image.new("L", (_SCRIBBLE, _SCRIBBLE))
    draw = ImageDraw.Draw(image)
    w = float(generator.uniform(18, 28))
    match generator.integers(5):
        case 0:  # shirt
            outline = [(56 - w, 20), (56 + w, 20), (100, 40), (92, 58), (56 + w, 48), (56 + w, 100), (56 - w, 100)]
            draw.polygon([*outline, (56 - w, 48), (20, 58), (12, 40)], fill=255)
        case 1:  # trousers
            legs = [(56 - w, 8), (56 + w, 8), (60 + w, 104), (64, 104), (56, 30), (48, 104), (52 - w, 104)]
            draw.polygon(legs, fill=255)
        case 2:  # shoe
            draw.polygon([(10, 70), (40, 60), (60, 88 - w), (100, 40), (104, 85), (10, 85)], fill=255)
        case 3:  # bag
            draw.rectangle([20, 35, 92, 98], fill=255)
            draw.arc([35, w / 2, 77, 60], 180, 360, fill=255, width=5)
        case _:  # dress
            hem = 1.4 * w
            draw.polygon([(44, 8), (68, 8), (68, 40), (56 + hem, 104), (56 - hem, 104), (44, 40)], fill=255)
    turned = image.rotate(float(generator.uniform(-8, 8))).resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.BOX)
    texture: NDArray[np.float64] = generator.uniform(0.4, 1, (IMAGE_SIDE, IMAGE_SIDE))
    if generator.random() < 0.5:
        stripes = 0.7 + 0.3 * np.sin(np.arange(IMAGE_SIDE) * generator.uniform(0.3, 2.5))
        texture = np.broadcast_to(stripes, (IMAGE_SIDE, IMAGE_SIDE))
    return (np.asarray(turned, np.float64) / 255 * texture * generator.uniform(150, 255)).astype(np.uint8)
