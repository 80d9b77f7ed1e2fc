import base64
import io

import numpy as np
import pandas as pd
import plotly.io
import pytest
from PIL import Image

from mnist_growth.figures import sample_predictions, warps, worst_mistakes

GENERATOR = np.random.default_rng(8)
IMAGES = GENERATOR.integers(0, 256, (60, 28, 28), dtype=np.uint8)


def picture(figure) -> np.ndarray:
    encoded = figure.data[0].source.removeprefix("data:image/png;base64,")
    drawn = Image.open(io.BytesIO(base64.b64decode(encoded)))
    assert drawn.mode == "LA"
    return np.asarray(drawn)[..., 0]


def table(indices, labels, predicted) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "index": indices,
            "label": labels,
            "prediction": predicted,
            "confidence": np.linspace(0.99, 0.5, len(indices)),
        }
    )


def contains(canvas: np.ndarray, image: np.ndarray) -> bool:
    windows = np.lib.stride_tricks.sliding_window_view(canvas, image.shape)
    return bool((windows == image).all(axis=(2, 3)).any())


def test_images_are_selected_by_the_index_column():
    figure = sample_predictions(IMAGES, table([7, 41], [1, 2], [1, 2]))

    assert contains(picture(figure), 255 - IMAGES[7])
    assert contains(picture(figure), 255 - IMAGES[41])
    assert not contains(picture(figure), 255 - IMAGES[0])


def test_gaps_between_images_have_the_background_colour():
    figure = sample_predictions(IMAGES, table(range(3), [0] * 3, [0] * 3))
    encoded = figure.data[0].source.removeprefix("data:image/png;base64,")

    opacity = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))))[..., 1]

    assert set(np.unique(opacity)) == {0, 255}
    assert (opacity == 255).sum() == 3 * 28 * 28


def test_caption_is_centred_below_its_image():
    rows = table(range(13), [0] * 13, [0] * 13)
    figure = sample_predictions(IMAGES, rows)
    canvas, captions = picture(figure), figure.data[1]

    for index, x, y in zip(rows["index"], captions.x, captions.y, strict=True):
        left = round(x - 13.5)
        above = canvas[: int(y), left : left + 28]
        last_row = 255 - IMAGES[index][-1]
        assert any((row == last_row).all() for row in above[-9:])


def test_correct_and_wrong_predictions_have_different_captions():
    captions = sample_predictions(IMAGES, table([0, 1], [4, 4], [4, 9])).data[1]

    assert captions.text == ("4<br>99.0%", "<b>4 → 9</b><br>50.0%")
    assert len(set(captions.textfont.color)) == 2
    assert captions.hovertext[1] == "test digit 1: true 4, predicted 9, confidence 50.00%"


def test_mistakes_are_drawn_in_the_order_of_the_table():
    figure = worst_mistakes(IMAGES, table([5, 2], [3, 8], [5, 0]))

    assert figure.data[1].text == ("<b>3 → 5</b><br>99.0%", "<b>8 → 0</b><br>50.0%")


def test_message_without_mistakes():
    figure = worst_mistakes(IMAGES, table([], [], []))

    assert len(figure.data) == 0
    assert [note.text for note in figure.layout.annotations] == ["No mistakes"]


def test_warps_are_shown_next_to_the_original():
    originals = IMAGES[:2]
    warped = GENERATOR.integers(0, 256, (2, 3, 28, 28), dtype=np.uint8)

    canvas = picture(warps(originals, warped))

    half = canvas.shape[0] // 2
    for row, part in enumerate((canvas[:half], canvas[half:])):
        assert contains(part[:, : canvas.shape[1] // 4 + 3], 255 - originals[row])
        assert all(contains(part, 255 - image) for image in warped[row])


@pytest.mark.parametrize("count", [1, 40, 60])
def test_figure_round_trips_through_json_and_is_small(count):
    figure = sample_predictions(IMAGES, table(range(count), [0] * count, [1] * count))
    text = figure.to_json()

    assert plotly.io.from_json(text) == figure
    assert len(text) < 300_000
