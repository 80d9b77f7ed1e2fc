import itertools
import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from plotly.utils import PlotlyJSONEncoder
from skimage.color import deltaE_ciede2000, rgb2lab

import mnist_growth.figures
from mnist_growth.figures import IN_DARK, TEMPLATE, growth, in_dark, memory
from mnist_growth.figures.theme import INK, PAPER

# Machado, Oliveira, Fernandes: "A physiologically-based model for simulation of color vision deficiency", 2009; the
# matrices of severity 1, for linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
COLORWAY = TEMPLATE.layout.colorway


def rgb(color: str) -> np.ndarray:
    return np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)]) / 255


def linear(color: str) -> np.ndarray:
    values = rgb(color)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def seen(color: str, deficiency: str) -> np.ndarray:
    values = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear(color), 0, 1)
    gamma = np.where(values <= 0.0031308, 12.92 * values, 1.055 * values ** (1 / 2.4) - 0.055)
    return rgb2lab(gamma[np.newaxis, np.newaxis])[0, 0]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    dark, light = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("recolour", [lambda color: color, IN_DARK.get], ids=["light", "dark"])
def test_line_colours_are_distinguishable_with_colour_blindness(recolour, deficiency):
    colors = [seen(recolour(color), deficiency) for color in COLORWAY]

    differences = [float(deltaE_ciede2000(one, other)) for one, other in itertools.combinations(colors, 2)]

    assert min(differences) > 10  # 1 is just noticeable


def test_text_contrast_on_both_backgrounds():
    assert contrast(INK, PAPER) > 7
    assert contrast(IN_DARK[INK], IN_DARK[PAPER]) > 7
    assert all(contrast(IN_DARK[color], IN_DARK[PAPER]) > 4.5 for color in COLORWAY)
    assert all(contrast(color, PAPER) > 3 for color in COLORWAY[:3])  # the others are for areas and thick lines


def test_figures_use_only_theme_colours():
    """Other colours would not be replaced in dark mode."""
    literal = re.compile(r'"(?:#[0-9A-Fa-f]{3,8}|rgba?\(.*?|white|black|red|blue|green|gr[ae]y|orange|purple)"')
    files = sorted(Path(mnist_growth.figures.__file__).parent.glob("*.py"))

    found = {file.name: literal.findall(file.read_text()) for file in files if file.name != "theme.py"}

    assert len(found) > 8
    assert {name: colors for name, colors in found.items() if colors} == {}


@pytest.mark.parametrize("draw", [partial(growth, groups=["hidden layer 1", "hidden layer 2"]), memory])
def test_dark_mode_replaces_only_colours(draw, history):
    figure = draw(history)

    light, dark = (
        json.dumps(drawn.to_plotly_json(), sort_keys=True, cls=PlotlyJSONEncoder) for drawn in (figure, in_dark(figure))
    )

    color = re.compile(r"#[0-9A-F]{6}", re.IGNORECASE)
    assert color.sub("", dark) == color.sub("", light)
    assert color.findall(dark) == [IN_DARK[found] for found in color.findall(light)]
    assert len(set(color.findall(light))) > 4


def test_light_and_dark_colours_do_not_overlap():
    assert set(IN_DARK) & set(IN_DARK.values()) == set()
    assert len(set(IN_DARK.values())) == len(IN_DARK)
