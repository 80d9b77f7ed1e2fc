import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import configured
from mnist_growth.digits.split import Split, evenly_spread, stratified_split

sizes_of_classes = st.lists(st.integers(10, 60), min_size=1, max_size=10)


def _labels(sizes: list[int], seed: int = 0) -> np.ndarray:
    labels = np.repeat(np.arange(len(sizes)), sizes).astype(np.int64)
    return np.random.default_rng(seed).permutation(labels)


@settings(deadline=None, max_examples=50)
@given(sizes=sizes_of_classes, fraction=st.floats(0.1, 0.9), seed=st.integers(0, 2**32))
def test_every_index_is_in_exactly_one_part_in_ascending_order(sizes, fraction, seed):
    labels = _labels(sizes)

    split = stratified_split(labels, configured.split(validation_fraction=fraction, seed=seed))

    both = np.concatenate((split.train, split.validation))
    assert np.array_equal(np.sort(both), np.arange(len(labels)))
    assert np.all(np.diff(split.train) > 0)
    assert np.all(np.diff(split.validation) > 0)
    assert split.train.dtype == split.validation.dtype == np.int64


@settings(deadline=None, max_examples=50)
@given(sizes=sizes_of_classes, fraction=st.floats(0.1, 0.9))
def test_validation_fraction_of_every_class_is_exact_up_to_rounding(sizes, fraction):
    labels = _labels(sizes)

    split = stratified_split(labels, configured.split(validation_fraction=fraction))

    held_out = np.bincount(labels[split.validation], minlength=len(sizes))
    assert np.all(np.abs(held_out - np.array(sizes) * fraction) <= 0.5)


def test_split_depends_on_the_seed():
    labels = _labels([50] * 10)

    first, again, other = (stratified_split(labels, configured.split(seed=seed)) for seed in (1, 1, 2))

    assert np.array_equal(first.train, again.train)
    assert not np.array_equal(first.validation, other.validation)


def test_validation_images_are_drawn_from_the_entire_class():
    labels = np.zeros(1000, dtype=np.int64)

    split = stratified_split(labels, configured.split(validation_fraction=0.5))

    assert abs(split.validation.mean() - 499.5) < 50  # the mean of a fair draw deviates by 9


def test_each_class_has_its_own_draw():
    labels = np.repeat(np.arange(10), 40)

    split = stratified_split(labels, configured.split(validation_fraction=0.5))

    draws = {tuple(split.validation[labels[split.validation] == label] % 40) for label in range(10)}
    assert len(draws) == 10


def test_error_names_class_too_small_for_both_parts():
    labels = np.array([0] * 20 + [7] * 4)

    with pytest.raises(ValueError, match=r"Class 7 has 4 training images, .* puts 0 into the validation part"):
        stratified_split(labels, configured.split(validation_fraction=0.1))
    with pytest.raises(ValueError, match=r"Class 7 has 4 training images, .* puts 4 into the validation part"):
        stratified_split(labels, configured.split(validation_fraction=0.95))


@pytest.mark.parametrize(
    ("train", "validation", "sentence"),
    [
        ([0, 1, 2], [2, 3], "share 1 images"),
        ([0, 1], [], "validation part of the split is int64"),
        ([1, 0], [2], "training part of the split is not sorted or has duplicates"),
        ([0, 0], [2], "training part of the split is not sorted or has duplicates"),
        ([-1, 0], [2], "expected at least one index"),
    ],
)
def test_invalid_split_is_rejected(train, validation, sentence):
    with pytest.raises(ValueError, match=sentence):
        Split(np.array(train, dtype=np.int64), np.array(validation, dtype=np.int64))


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5])
def test_fraction_that_leaves_a_part_empty_is_rejected(fraction):
    with pytest.raises(ValueError, match="validation_fraction"):
        configured.split(validation_fraction=fraction)


def test_evenly_spread_rows_keep_the_first_and_the_last():
    rows = np.arange(10, 30)
    assert evenly_spread(rows, 3).tolist() == [10, 19, 29]
    assert evenly_spread(rows, 50).tolist() == rows.tolist()
