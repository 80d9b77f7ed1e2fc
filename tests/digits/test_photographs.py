"""Digits in photographs and scans are found, and what is not one digit is marked."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.accuracy.scenes import SCENES, several_digits
from mnist_growth.digits import decode_image, sample_digits
from mnist_growth.digits.canonical import convert
from mnist_growth.digits.doubt import LOW_CONTRAST, TOUCHES_BORDER, CanonicalImage

SAMPLE = sample_digits()
CLASSES = np.array([np.flatnonzero(SAMPLE.test.labels == label)[1] for label in range(10)])
DIGITS = SAMPLE.test.images[CLASSES]


@pytest.fixture(scope="module")
def nearest() -> KNeighborsClassifier:
    """A classifier that knows nothing of this project, trained on digits as they are."""
    return KNeighborsClassifier(n_neighbors=3).fit(SAMPLE.train.images.reshape(-1, 784), SAMPLE.train.labels)


def converted(image: Image.Image) -> CanonicalImage:
    file = io.BytesIO()
    image.save(file, "PNG")
    return convert(decode_image(file.getvalue()))


@pytest.mark.parametrize("kind", SCENES)
def test_a_digit_is_recognised_in_spite_of_the_flaw(nearest: KNeighborsClassifier, kind: str) -> None:
    random = np.random.default_rng(0)
    found = [converted(SCENES[kind](digit, random)) for digit in DIGITS]
    right = nearest.predict(np.stack([one.image for one in found]).reshape(10, -1)) == np.arange(10)
    assert right.sum() >= 9
    assert sum(bool(one.doubts) for one in found) <= 1


@pytest.mark.parametrize("count", [2, 3])
def test_several_digits_are_counted(count: int) -> None:
    random = np.random.default_rng(0)
    for start in range(5):
        image = several_digits(list(DIGITS[start : start + count]), random)
        assert converted(image).doubts == (f"several digits ({count})",)


def test_digits_one_above_the_other_are_counted() -> None:
    large = [np.pad(digit.repeat(5, axis=0).repeat(5, axis=1), 20) for digit in DIGITS[2:4]]
    assert convert(np.vstack(large)).doubts == ("several digits (2)",)


def test_a_digit_in_mnist_form_is_neither_changed_nor_doubtful() -> None:
    for digit in SAMPLE.train.images:
        image, doubts = convert(digit)
        assert image is digit
        assert doubts == ()


@pytest.mark.parametrize("side", range(4))
def test_a_digit_cut_off_by_the_border_is_doubtful(side: int) -> None:
    large = np.pad(DIGITS[8].repeat(5, axis=0).repeat(5, axis=1), 20)
    cut = np.rot90(np.rot90(large, side)[55:], -side)
    assert convert(np.ascontiguousarray(cut)).doubts == (TOUCHES_BORDER,)


def test_a_digit_cropped_to_its_ink_is_not_doubtful(nearest: KNeighborsClassifier) -> None:
    for label in (2, 3, 5, 8):
        rows, columns = DIGITS[label].any(axis=1), DIGITS[label].any(axis=0)
        cropped = DIGITS[label][rows][:, columns].repeat(5, axis=0).repeat(5, axis=1)
        image, doubts = convert(255 - cropped)
        assert doubts == ()
        assert nearest.predict(image.reshape(1, -1)) == label


def test_a_digit_that_is_hardly_visible_is_doubtful() -> None:
    large = np.pad(DIGITS[3].repeat(5, axis=0).repeat(5, axis=1), 40)
    faint = np.rint(120 + large * (17 / 255)).astype(np.uint8)
    assert LOW_CONTRAST in convert(faint).doubts


def test_separate_strokes_of_a_digit_stay_together() -> None:
    large: NDArray[np.uint8] = np.zeros((200, 200), np.uint8)
    large[40:50, 70:130] = 255  # the bar of a 5, with a gap to its body
    large[58:100, 70:80] = 255
    large[92:102, 70:120] = 255
    large[92:150, 110:120] = 255
    large[140:150, 70:120] = 255
    image, doubts = convert(large)
    assert doubts == ()
    assert ndimage.label(image > 127)[1] == 2
