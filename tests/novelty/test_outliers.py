import numpy as np
import pytest

from mnist_growth.novelty import digit_outliers, image_outliers
from mnist_growth.novelty.letters import letter


@pytest.mark.parametrize("outliers", [digit_outliers, image_outliers])
def test_outliers_are_repeatable_images_that_differ_from_each_other(digits, outliers):
    images, labels = digits.train.images[:200], digits.train.labels[:200]
    made, again, other = (outliers(images, labels, 60, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert (made.shape, made.dtype) == ((60, 28, 28), np.uint8)
    np.testing.assert_array_equal(made, again)
    assert (made != other).any()
    assert len(np.unique(made, axis=0)) == 60
    assert all(image.max() > 0 for image in made)


def test_no_outlier_is_one_of_the_digits(digits):
    images, labels = digits.train.images[:300], digits.train.labels[:300]
    made = digit_outliers(images, labels, 300, np.random.default_rng(0))
    assert not {image.tobytes() for image in made} & {image.tobytes() for image in images}


def test_halves_of_one_class_are_not_put_together():
    dark, light = np.zeros((8, 28, 28), np.uint8), np.full((2, 28, 28), 200, np.uint8)
    labels = np.array([0] * 8 + [1] * 2)
    made = image_outliers(np.concatenate([dark, light]), labels, 200, np.random.default_rng(0))
    halves = [image for image in made if set(np.unique(image)) <= {0, 200}]
    mixed = [image for image in halves if np.ptp(image)]
    covered = [image for image in halves if not np.ptp(image)]  # one on top of the other, or shuffled quarters
    assert len(mixed) > 50
    assert len(covered) > 20


def test_a_set_of_one_class_has_outliers_too():
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    assert image_outliers(images, np.zeros(5, np.int64), 30, np.random.default_rng(0)).shape == (30, 28, 28)


def test_letters_fit_the_canvas():
    generator = np.random.default_rng(0)
    drawn = [letter(generator) for _ in range(200)]
    assert min(image.max() for image in drawn) > 200
    assert all(not image[[0, -1]].any() and not image[:, [0, -1]].any() for image in drawn)
