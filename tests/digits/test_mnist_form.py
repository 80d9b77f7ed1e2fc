import numpy as np
import pytest

from image_sets import FORMS, SAMPLE
from mnist_growth.digits import canonical_form
from mnist_growth.digits.canonical import has_mnist_form
from mnist_growth.digits.mnist_form import in_mnist_form


@pytest.mark.parametrize("form", FORMS)
def test_many_images_get_the_answers_of_one_image(form: str) -> None:
    images = FORMS[form](SAMPLE.train.images[:500])
    assert in_mnist_form(images).tolist() == [has_mnist_form(image) for image in images]


def test_shifts_and_fainter_ink_get_the_answers_of_one_image() -> None:
    digits = SAMPLE.train.images[:40]
    shifted = [np.roll(digits, (down, right), (1, 2)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    faint = [np.minimum(digits, peak) for peak in (253, 254)]
    images = np.concatenate([*shifted, *faint, np.zeros((1, 28, 28), np.uint8)]).astype(np.uint8)
    found = in_mnist_form(images)
    assert found.tolist() == [has_mnist_form(image) for image in images]
    assert 40 < found.sum() < len(images) / 2


def test_digits_two_pixels_off_the_centre_are_brought_back():
    for digit in SAMPLE.train.images[:40]:
        for down, right in ((-2, 0), (2, 0), (0, -2), (0, 2)):
            shifted = np.roll(digit, (down, right), (0, 1))
            assert not has_mnist_form(shifted)
            assert not in_mnist_form(shifted[np.newaxis])[0]
            if not (digit[:2].any() or digit[-2:].any() or digit[:, :2].any() or digit[:, -2:].any()):
                np.testing.assert_array_equal(canonical_form(shifted), digit)
