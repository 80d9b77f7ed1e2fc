"""Images are prepared as the data set of a network was."""

import numpy as np
import pytest
from pydantic import ValidationError

from image_sets import SAMPLE
from mnist_growth.digits import MNIST_PREPARATION, Preparation, canonical_form

DIGIT = SAMPLE.test.images[0]
CORNER = np.roll(DIGIT, (-4, 4), axis=(0, 1))
LIGHT, DARK = (Preparation(form="as_is", ink=ink) for ink in ("light", "dark"))


def test_the_form_of_mnist_is_made_of_any_image() -> None:
    large = np.pad(DIGIT.repeat(4, axis=0).repeat(4, axis=1), 20)
    np.testing.assert_array_equal(MNIST_PREPARATION.apply(DIGIT).image, DIGIT)
    np.testing.assert_array_equal(MNIST_PREPARATION.apply(255 - large).image, canonical_form(255 - large))


def test_images_as_they_are_keep_place_and_size() -> None:
    np.testing.assert_array_equal(LIGHT.apply(CORNER).image, CORNER)
    np.testing.assert_array_equal(DARK.apply(255 - CORNER).image, CORNER)


def test_blank_images_as_they_are_are_not_refused() -> None:
    assert LIGHT.apply(np.zeros((28, 28), np.uint8)).image.max() == 0
    with pytest.raises(ValueError, match="shows nothing"):
        MNIST_PREPARATION.apply(np.zeros((28, 28), np.uint8))


@pytest.mark.parametrize(("preparation", "paper"), [(LIGHT, 0), (DARK, 255)])
def test_other_sizes_are_scaled_to_fit_and_padded_with_their_background(preparation: Preparation, paper: int) -> None:
    tall = np.full((112, 56), 255 - paper, np.uint8)
    tall[:, :4] = tall[:, -4:] = tall[:4] = tall[-4:] = paper  # a margin of one pixel after scaling
    image = preparation.apply(tall).image
    assert image.shape == (28, 28)
    assert image[:, :7].max() == image[:, 21:].max() == 0
    assert image[2:26, 9:19].min() == 255


def test_an_enlarged_image_is_the_original_again() -> None:
    np.testing.assert_array_equal(LIGHT.apply(CORNER.repeat(5, axis=0).repeat(5, axis=1)).image, CORNER)


def test_small_images_are_enlarged() -> None:
    small = np.zeros((14, 7), np.uint8)
    small[5:9, 2:5] = 255
    image = LIGHT.apply(small).image
    ink = np.argwhere(image > 127)
    assert ink.min(axis=0).tolist() == [10, 11]
    assert ink.max(axis=0).tolist() == [17, 16]


def test_the_mean_is_that_of_light_ink() -> None:
    mean = DIGIT.mean() / 255
    dark = Preparation(form="mnist", ink="dark")
    mixed = Preparation(form="mnist", ink="mixed")
    assert MNIST_PREPARATION.apply(255 - DIGIT).mean == pytest.approx(1 - mean)  # unlike the images of the data set
    assert dark.apply(255 - DIGIT).mean == DARK.apply(255 - DIGIT).mean == pytest.approx(mean)
    assert mixed.apply(255 - DIGIT).mean == mixed.apply(DIGIT).mean == pytest.approx(mean)


def test_a_bad_image_of_many_is_named() -> None:
    with pytest.raises(ValueError, match="Image 1: The image shows nothing"):
        MNIST_PREPARATION.apply_all(np.stack([DIGIT, np.zeros_like(DIGIT)]))


@pytest.mark.parametrize("shape", [(28, 28, 3), (0, 28)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected .height, width"):
        LIGHT.apply(np.zeros(shape, np.uint8))


def test_images_as_they_are_have_one_kind_of_ink() -> None:
    with pytest.raises(ValidationError, match="light or dark ink, not mixed"):
        Preparation(form="as_is", ink="mixed")
