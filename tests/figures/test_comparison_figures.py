import numpy as np
import pandas as pd
import plotly.io
import pytest

from mnist_growth.figures import comparison, disagreements

IMAGES = np.random.default_rng(8).integers(0, 256, (60, 28, 28), dtype=np.uint8)


@pytest.fixture
def by_class():
    return pd.DataFrame(
        {
            "digit": ["all", "0", "1"],
            "class_name": ["all", "0", "one"],
            "only_network_correct": [5, 3, 0],
            "only_baseline_correct": [2, 2, 0],
            "difference": [0.03, 0.02, np.nan],
            "difference_low": [0.01, -0.01, np.nan],
            "difference_high": [0.06, 0.05, np.nan],
        }
    )


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "index": [7, 3, 59],
            "label": [4, 9, 1],
            "prediction": [4, 4, 7],
            "baseline_prediction": [9, 9, 2],
            "correct": ["network", "baseline", "neither"],
        }
    )


def test_class_without_digits_is_omitted(by_class):
    [points] = comparison(by_class).data

    assert list(points.x) == ["all", "class 0"]
    assert list(points.y) == [0.03, 0.02]
    assert list(points.error_y.array) == pytest.approx([0.03, 0.03])
    assert list(points.error_y.arrayminus) == pytest.approx([0.02, 0.03])


def test_disagreements_show_which_network_is_correct(table):
    captions = disagreements(IMAGES, table).data[1]

    assert list(captions.text) == [
        "<b>4: 4 vs 9</b><br>network",
        "<b>9: 4 vs 9</b><br>baseline",
        "<b>1: 7 vs 2</b><br>neither",
    ]
    assert len(set(captions.textfont.color)) == 3
    assert captions.hovertext[2] == "test digit 59: true 1, network 7, baseline 2; correct: neither"


def test_message_for_networks_that_agree(table):
    [note] = disagreements(IMAGES, table.head(0)).layout.annotations

    assert note.text == "The networks agree on every digit"


def test_figures_round_trip_through_json(by_class, table):
    for figure in (comparison(by_class), disagreements(IMAGES, table)):
        assert plotly.io.from_json(figure.to_json()) == figure
