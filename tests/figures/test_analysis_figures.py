import base64
import io

import numpy as np
import pandas as pd
import plotly.io
import pytest
from PIL import Image

from mnist_growth import figures
from mnist_growth.digits import class_statistics
from mnist_growth.evaluation import digit_difficulty, intervention_row, prediction_table

GENERATOR = np.random.default_rng(8)
IMAGES = GENERATOR.integers(0, 256, (60, 28, 28), dtype=np.uint8)


@pytest.fixture
def effects():
    return pd.DataFrame(
        {
            "measure": ["slant", "slant", "gaps"],
            "smallest": [-20.0, 1.0, 0.0],
            "median": [-5.0, 10.0, 0.0],
            "largest": [0.5, 30.0, 0.0],
            "examples": [10, 10, 20],
            "errors": [1, 3, 4],
            "error_rate": [0.1, 0.3, 0.2],
            "error_rate_low": [0.05, 0.2, 0.1],
            "error_rate_high": [0.2, 0.5, 0.3],
        }
    )


@pytest.fixture
def differences():
    return pd.DataFrame(
        {
            "group": ["slanted", "thick"],
            "meaning": ["leans", "wide"],
            "examples": [10, 20],
            "errors": [1, 2],
            "difference": [0.02, -0.01],
            "difference_low": [0.01, -0.03],
            "difference_high": [0.05, 0.02],
        }
    )


@pytest.fixture
def curves():
    before = np.ones(20, bool)
    return pd.DataFrame(
        [
            intervention_row(name, unit, strength, np.arange(20) >= abs(strength), before)
            for name, unit in (("slant", "degrees"), ("cut", "pixels"), ("shift", "pixels"))
            for strength in (-4, 0, 4)
        ]
    )


@pytest.fixture
def hard():
    logits = GENERATOR.normal(size=(60, 10))
    predictions = prediction_table(logits, np.arange(60) % 10)
    return digit_difficulty(predictions, GENERATOR.random(60), "validation")


@pytest.fixture
def duplicates():
    return pd.DataFrame(
        {
            "index": [3, 9],
            "label": [1, 1],
            "train_index": [40, 41],
            "train_label": [1, 7],
            "relative_distance": [0.0, 0.12],
        }
    )


def test_each_measure_has_a_panel_with_its_groups(effects):
    figure = figures.style_effects(effects)

    slant, gaps = figure.data
    assert list(slant.x) == [-5, 10]
    assert list(slant.y) == [0.1, 0.3]
    assert list(slant.error_y.array) == pytest.approx([0.1, 0.2])
    assert list(gaps.y) == [0.2]
    assert figure.layout.xaxis.title.text == "slant (degrees to the right)"
    assert [line.y0 for line in figure.layout.shapes] == pytest.approx([0.2, 0.2])  # all digits


def test_each_intervention_has_a_curve(curves):
    figure = figures.style_interventions(curves)

    assert len(figure.data) == 3
    for trace, (_, rows) in zip(figure.data, curves.groupby("intervention", sort=False), strict=True):
        assert list(trace.x) == [-4, 0, 4]
        assert list(trace.y) == rows["accuracy"].tolist() == [0.8, 1, 0.8]
    assert figure.layout.xaxis2.title.text == "cut (pixels)"
    assert len(figure.layout.shapes) == 3


def test_style_groups_are_shown_with_their_differences(differences):
    [points] = figures.style_differences(differences).data

    assert (list(points.x), list(points.y)) == (["slanted", "thick"], [0.02, -0.01])
    assert list(points.error_y.arrayminus) == pytest.approx([0.01, 0.02])


def test_every_part_has_a_bar_for_each_class():
    table = pd.DataFrame(
        {
            "part": ["training"] * 2 + ["test"] * 2,
            "digit": [0, 1] * 2,
            "examples": [6, 4, 1, 1],
            "share": [0.6, 0.4, 0.5, 0.5],
        }
    )

    training, test = figures.class_balance(table).data

    assert (training.name, list(training.y)) == ("training", [0.6, 0.4])
    assert (test.name, list(test.y)) == ("test", [0.5, 0.5])


def test_mean_images_are_drawn_above_their_deviations():
    statistics = class_statistics(IMAGES, np.arange(60) % 10, 10)
    figure = figures.class_images(statistics.mean_image, statistics.deviation_image, statistics.count)

    encoded = figure.data[0].source.removeprefix("data:image/png;base64,")
    canvas = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))))[..., 0]
    windows = np.lib.stride_tricks.sliding_window_view(canvas, (28, 28))
    expected = 255 - statistics.mean_image[3].round().astype(np.uint8)
    assert (windows == expected).all(axis=(2, 3)).any()
    assert figure.data[1].text[3] == "mean<br>of <b>3</b>"
    assert figure.data[1].text[13] == "deviation<br>of <b>3</b>"


def test_difficult_digits_show_label_and_prediction(hard):
    captions = figures.hardest_digits(IMAGES, hard).data[1]

    for text, row in zip(captions.text, hard.itertuples(), strict=True):
        assert (f"{row.label} → {row.prediction}" in text) == (row.label != row.prediction)
        assert text.endswith(f"<br>{row.gradient_norm:.3g}")


def test_suspected_labels_show_the_suggestion(hard):
    doubtful = hard.assign(suggestion=(hard["label"] + 1) % 10).head(3)
    captions = figures.suspected_labels(IMAGES[:3], doubtful).data[1]

    assert captions.text[0] == "<b>0, or 1?</b><br>training"
    assert captions.hovertext[0].startswith("validation digit 0: labelled 0, probability of the label ")


def test_near_duplicates_are_shown_in_pairs(duplicates):
    captions = figures.near_duplicates(IMAGES[:2], IMAGES[2:4], duplicates).data[1]

    assert captions.text == ("<b>test 3</b><br>0.0%", "training<br>40", "<b>test 9</b><br>12.0%", "training<br>41")
    assert captions.hovertext[3] == "training digit 41, labelled 7"


def test_empty_figures_have_a_message(hard, duplicates):
    for figure in (
        figures.suspected_labels(IMAGES[:0], hard.head(0)),
        figures.near_duplicates(IMAGES[:0], IMAGES[:0], duplicates.head(0)),
    ):
        assert [note.text[:3] for note in figure.layout.annotations] == ["No "]


def test_figures_round_trip_through_json(effects, differences, curves, hard, duplicates):
    for figure in (
        figures.style_effects(effects),
        figures.style_differences(differences),
        figures.style_interventions(curves),
        figures.intervention_examples(IMAGES[:4], ["a", "b", "", "c"], 2),
        figures.hardest_digits(IMAGES, hard),
        figures.near_duplicates(IMAGES[:2], IMAGES[2:4], duplicates),
    ):
        assert plotly.io.from_json(figure.to_json()) == figure
        assert figure.layout.title.text
