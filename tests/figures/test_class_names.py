import numpy as np
import pandas as pd
import pytest

from mnist_growth import figures
from mnist_growth.figures.class_names import caption, named

CLOTHES = ("coat", "sandal", "ankle boot with laces")
IMAGES = np.zeros((3, 28, 28), np.uint8)


def test_digits_keep_their_numbers():
    table = pd.DataFrame({"label": [2, 0]})

    assert named(table, (), "label") is table
    assert named(table, CLOTHES, "label")["label"].tolist() == ["ankle boo…", "coat"]
    assert table["label"].tolist() == [2, 0]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("4 →", "9"), "<b>4 → 9</b>"),
        (("4:", "4 or", "9"), "<b>4: 4 or 9</b>"),
        (("coat →", "sandal"), "<b>coat →<br>sandal</b>"),
    ],
)
def test_long_names_have_a_line_each(parts, text):
    assert caption(*parts) == text


def test_galleries_of_the_analysis_have_names():
    table = pd.DataFrame(
        {
            "part": "test", "index": [0, 1], "label": [0, 1], "prediction": [1, 1], "suggestion": [1, 0],
            "label_probability": 0.1, "gradient_norm": 1.0, "train_index": [2, 2], "train_label": [1, 1],
            "relative_distance": 0.1, "baseline_prediction": [0, 0], "correct": "network",
        }
    )  # fmt: skip

    assert figures.hardest_digits(IMAGES[:2], table, CLOTHES).data[1].text[0] == "<b>coat →<br>sandal</b><br>1"
    assert figures.suspected_labels(IMAGES[:2], table, CLOTHES).data[1].text[0] == "<b>coat, or<br>sandal?</b><br>test"
    assert "labelled coat" in figures.near_duplicates(IMAGES[:2], IMAGES[:2], table, CLOTHES).data[1].hovertext[0]
    disagreements = figures.disagreements(IMAGES, table, CLOTHES).data[1].text
    assert disagreements[0] == "<b>coat:<br>sandal vs<br>coat</b><br>network"


def test_figures_of_the_classes_have_names():
    balance = pd.DataFrame({"part": "test", "digit": [0, 1, 2], "examples": 1, "share": 0.3})
    means = np.zeros((3, 28, 28))

    assert list(figures.class_balance(balance, CLOTHES).data[0].x) == ["coat", "sandal", "ankle boo…"]
    captions = figures.class_images(means, means, np.ones(3, np.int64), CLOTHES).data[1].text
    assert captions[1] == "mean<br>of <b>sandal</b>"
