import io
import sys

import numpy as np
import pytest
from PIL import Image

from mnist_growth.digits import sample_digits
from mnist_growth.figures import IN_DARK, intervention_examples, memory, png_files
from mnist_growth.figures.theme import PAPER


@pytest.fixture
def chromium():
    from choreographer.browsers.chromium import Chromium

    if not Chromium.find_browser(skip_local=False):
        pytest.skip("neither Chromium nor Chrome is installed")


@pytest.mark.parametrize("dark", [False, True])
def test_png_shows_the_figure_and_its_background(chromium, history, dark):
    """Axes take the usual width, images their own."""
    images = intervention_examples(sample_digits().test.images[:6], [f"{step:+d}" for step in range(6)], columns=3)
    drawn = {"memory": (memory(history), 900), "images": (images, images.layout.width)}

    files = png_files({name: figure for name, (figure, _) in drawn.items()}, dark=dark)

    assert files.keys() == drawn.keys()
    for name, (figure, width) in drawn.items():
        picture = np.asarray(Image.open(io.BytesIO(files[name])).convert("RGB"))
        assert picture.shape == (2 * figure.layout.height, 2 * width, 3), name
        paper = IN_DARK[PAPER] if dark else PAPER
        assert "#{:02X}{:02X}{:02X}".format(*picture[0, 0]) == paper, name
        assert (picture != picture[0, 0]).any(axis=2).mean() > 0.01, name


def test_no_browser_is_needed_without_figures():
    assert png_files({}) == {}


def test_error_without_kaleido_says_what_to_install(monkeypatch, history):
    monkeypatch.setitem(sys.modules, "kaleido", None)

    with pytest.raises(ValueError, match=r"pip install 'mnist-growth\[png\]'"):
        png_files({"memory": memory(history)})


def test_error_without_browser_says_what_to_install(monkeypatch, history):
    monkeypatch.setattr("choreographer.browsers.chromium.Chromium.find_browser", lambda **_: None)

    with pytest.raises(ValueError, match="none was found: install one"):
        png_files({"memory": memory(history)})
