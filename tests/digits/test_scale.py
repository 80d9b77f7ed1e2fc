"""The scale of grey values is recognised or refused, never guessed."""

import numpy as np
import pytest

from mnist_growth.digits.scale import grey_factor, to_grey_values

GREY = np.arange(256, dtype=np.uint8)


def test_grey_values_from_0_to_255_stay_as_they_are() -> None:
    for dtype in (np.uint8, np.uint16, np.int64, np.float32, np.float64):
        np.testing.assert_array_equal(to_grey_values(GREY.astype(dtype)), GREY)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_fractions_from_0_to_1_are_grey_values(dtype: type) -> None:
    np.testing.assert_array_equal(to_grey_values((GREY / 255).astype(dtype)), GREY)


def test_fractions_may_leave_the_range_by_rounding() -> None:
    assert to_grey_values(np.array([-1e-6, 0.5, 1 + 1e-6])).tolist() == [0, 128, 255]


def test_floating_point_grey_values_are_rounded() -> None:
    assert to_grey_values(np.array([0.4, 99.6, 255.0])).tolist() == [0, 100, 255]


def test_booleans_are_black_and_white() -> None:
    assert to_grey_values(np.array([False, True])).tolist() == [0, 255]


def test_black_images_and_empty_arrays_are_accepted() -> None:
    assert to_grey_values(np.zeros((2, 3), np.int64)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert to_grey_values(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize(
    ("values", "found", "remedy"),
    [
        (np.array([0, 5, 16]), "0 to 16", "multiply them by 15.9375"),
        (np.array([0.0, 5.5, 16.0]), "0 to 16", "multiply them by 15.9375"),
        (np.array([0, 16], np.uint8), "0 to 16", "multiply them by 15.9375"),
        (np.array([0, 15]), "0 to 15", "multiply them by 17"),
        (np.array([0, 1]), "0 to 1", "multiply them by 255"),
        (np.array([-1.0, 0.2, 1.0]), "-1 to 1", r"\(x \+ 1\) \* 127.5"),
        (np.array([-0.42, 2.82]), "-0.42 to 2.82", "undo the normalisation"),
        (np.array([-5, 200]), "-5 to 200", "undo the normalisation"),
        (np.array([0, 65535], np.uint16), "0 to 65535", "divide them by 257"),
        (np.array([0, 4095], np.uint16), "0 to 4095", "divide them by 16.0588"),
        (np.array([0, 256]), "0 to 256", "divide them by"),
        (np.array([0.0, 300.5]), "0 to 300.5", "divide them by"),
    ],
)
def test_other_scales_are_refused_with_the_range_and_the_remedy(values: np.ndarray, found: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=f"range from {found}, expected values from 0 to 255.*: .*{remedy}"):
        to_grey_values(values)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="contain NaN or infinity"):
        to_grey_values(np.array([0.0, value]))


@pytest.mark.parametrize("values", [np.array(["a"]), np.array([1j]), np.array([None])])
def test_other_types_are_refused(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected numbers from 0 to 255"):
        to_grey_values(values)


def test_a_range_is_judged_without_the_array() -> None:
    assert grey_factor(0, 1, is_float=True) == 255
    assert grey_factor(0, 255, is_float=False) == 1


def test_fractions_are_offered_for_floating_point_numbers_only() -> None:
    fractions = ", or floating-point numbers from 0 to 1: "
    for is_float in (False, True):
        with pytest.raises(ValueError, match="expected values from 0 to 255") as refusal:
            grey_factor(0, 300, is_float=is_float)
        assert (fractions in str(refusal.value)) == is_float
