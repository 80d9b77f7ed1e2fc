"""Letters in the fonts that ship with matplotlib."""

import string
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_FONTS = (
    *(
        f"DejaVu{family}{style}"
        for family in ("Sans", "SansMono")
        for style in ("", "-Bold", "-Oblique", "-BoldOblique")
    ),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
    "cmr10",
    "cmss10",
    "cmtt10",
)
_DIGIT_LIKE = frozenset("OoIlSsZzBqg")  # in some handwriting the same as 0, 1, 5, 2, 8, 9
_LETTERS = [letter for letter in string.ascii_letters if letter not in _DIGIT_LIKE]
_SIZE = 40  # pixels
_CANVAS = 72  # pixels
_TURN = 6.0  # degrees, standard deviation
_SHEAR = 0.12  # standard deviation


def letter(generator: np.random.Generator) -> NDArray[np.uint8]:
    """Return a letter that is not like a digit, uint8 [72, 72], light on dark, slightly turned and sheared."""
    font = _fonts()[generator.integers(len(_FONTS))]
    image = Image.new("L", (_CANVAS, _CANVAS))
    center = _CANVAS / 2
    ImageDraw.Draw(image).text(
        (center, center),
        _LETTERS[generator.integers(len(_LETTERS))],
        fill=255,
        font=font,
        anchor="mm",
        stroke_width=int(generator.integers(0, 2)),
    )
    turn, shear = np.deg2rad(generator.normal(0, _TURN)), generator.normal(0, _SHEAR)
    matrix = np.array([[np.cos(turn), np.sin(turn) + shear], [-np.sin(turn), np.cos(turn)]])
    offset = center - matrix @ np.full(2, center)
    coefficients = (*matrix[0], offset[0], *matrix[1], offset[1])
    return np.asarray(image.transform(image.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR))


@cache
def _fonts() -> list[ImageFont.FreeTypeFont]:
    import matplotlib as mpl  # imported here: slow to import, and most commands do not need it

    folder = Path(mpl.get_data_path()) / "fonts/ttf"
    return [ImageFont.truetype(folder / f"{name}.ttf", _SIZE) for name in _FONTS]
