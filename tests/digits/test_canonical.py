"""Images of any size and polarity are converted to MNIST format; images of MNIST are unchanged."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from mnist_growth.digits import canonical_form, sample_digits
from mnist_growth.digits.canonical import has_mnist_form

SAMPLE = sample_digits()
DIGITS = SAMPLE.test.images


@pytest.fixture(scope="module")
def nearest() -> KNeighborsClassifier:
    """A classifier that knows nothing of this project, trained on 4,500 digits as they are."""
    return KNeighborsClassifier(n_neighbors=3).fit(SAMPLE.train.images.reshape(-1, 784), SAMPLE.train.labels)


SOME = DIGITS[::4]


def accuracy(classifier: KNeighborsClassifier, images: list[NDArray[np.uint8]]) -> float:
    return float((classifier.predict(np.stack(images).reshape(-1, 784)) == SAMPLE.test.labels[::4]).mean())


def enlarged(digit: NDArray[np.uint8], generator: np.random.Generator, largest: int = 400) -> NDArray[np.uint8]:
    side = int(generator.integers(100, largest + 1))
    large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    return np.pad(np.asarray(large), [tuple(generator.integers(0, side // 2, 2)) for _ in range(2)])


def jpeg(pixels: NDArray[np.uint8], _generator: object = None) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=50)
    return np.asarray(Image.open(file))


def speckled(digit: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    pixels = enlarged(np.pad(digit, 4), generator, largest=150)
    for top, left in generator.integers(0, pixels.shape[0] - 3, (6, 2)):
        pixels[top : top + 3, left : left + 3] = 255
    return pixels


def on_grey_paper(digit: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    paper = 200 - 0.6 * enlarged(digit, generator, largest=150)
    return np.clip(paper + generator.normal(0, 8, paper.shape), 0, 255).astype(np.uint8)


def test_mnist_digits_are_unchanged() -> None:
    for digit in (*SAMPLE.train.images, *DIGITS):
        assert has_mnist_form(digit)
        np.testing.assert_array_equal(canonical_form(digit), digit)


def test_inverted_or_padded_digits_are_restored_bit_for_bit() -> None:
    for digit in DIGITS[:100]:
        np.testing.assert_array_equal(canonical_form(255 - digit), digit)
        np.testing.assert_array_equal(canonical_form(np.pad(digit, ((3, 40), (0, 17)))), digit)
        np.testing.assert_array_equal(canonical_form(255 - np.pad(digit, ((1, 0), (300, 17)))), digit)


VARIANTS: dict[str, Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]] = {
    "enlarged": enlarged,
    "enlarged and inverted": lambda digit, generator: 255 - enlarged(digit, generator),
    "JPEG": jpeg,
    "JPEG, inverted": lambda digit, _: jpeg(255 - digit),
    "JPEG, enlarged and inverted": lambda digit, generator: jpeg(255 - enlarged(digit, generator)),
    "with specks": speckled,
    "on grey, noisy paper": on_grey_paper,
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_accuracy_changes_by_at_most_two_points(nearest: KNeighborsClassifier, variant: str) -> None:
    generator = np.random.default_rng(0)
    found = [canonical_form(VARIANTS[variant](digit, generator)) for digit in SOME]
    assert abs(accuracy(nearest, found) - accuracy(nearest, list(SOME))) <= 0.02


def test_enlarged_digit_is_nearly_restored() -> None:
    generator = np.random.default_rng(1)
    found = np.stack([canonical_form(enlarged(digit, generator)) for digit in DIGITS[:100]]).astype(int)
    moved = np.roll(DIGITS[:100], 1, axis=2).astype(int)
    error, error_of_a_pixel = (np.abs(images - DIGITS[:100]).mean() for images in (found, moved))
    assert error < 0.5 * error_of_a_pixel


def test_canonical_form_is_idempotent() -> None:
    generator = np.random.default_rng(2)
    for digit in DIGITS[:50]:
        once = canonical_form(enlarged(digit, generator))
        np.testing.assert_array_equal(canonical_form(once), once)


@pytest.mark.parametrize("pixels", [np.zeros((28, 28)), np.full((300, 200), 255), np.full((1, 1), 7)])
def test_blank_image_is_rejected(pixels: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="The image shows nothing: its grey values differ by 0"):
        canonical_form(pixels.astype(np.uint8))


@pytest.mark.parametrize("shape", [(0, 5), (3, 4, 5)])
def test_array_that_is_not_an_image_is_rejected(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected \\[height, width\\]"):
        canonical_form(np.zeros(shape, np.uint8))


@settings(max_examples=100, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.integers(0, 255)))
def test_any_image_is_converted_or_rejected(pixels: NDArray[np.uint8]) -> None:
    before = pixels.copy()
    try:
        found = canonical_form(pixels)
    except ValueError as error:
        assert "shows nothing" in str(error)  # noqa: PT017
    else:
        assert (found.dtype, found.shape) == (np.uint8, (28, 28))
        assert found.max() >= 254
        assert max(np.ptp(axis) + 1 for axis in found.nonzero()) <= 28
    np.testing.assert_array_equal(pixels, before)
