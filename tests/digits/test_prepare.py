"""The preparation of a data set is decided by its training images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import configured
from image_sets import FORMS, SAMPLE, image_set
from mnist_growth.digits import DigitSet, canonical_form, data_manifest, describe_preparation, own_digits, prepare
from mnist_growth.digits.idx import write_images, write_labels
from mnist_growth.digits.idx_set import IDX_NAMES

DECISIONS = {
    "mnist": ("mnist", "light"),
    "dark_on_light": ("mnist", "dark"),
    "mixed_ink": ("mnist", "mixed"),
    "fills_frame": ("as_is", "light"),
    "fills_frame_dark_on_light": ("as_is", "dark"),
    "small": ("as_is", "light"),
    "off_centre": ("as_is", "light"),
    "off_centre_on_grey_paper": ("as_is", "dark"),
    "textures": ("as_is", "light"),
}


@pytest.mark.parametrize("form", FORMS)
def test_form_and_ink_are_recognised(form: str) -> None:
    digit_set = image_set(form)
    prepared = prepare(digit_set, "auto")
    assert (prepared.preparation.form, prepared.preparation.ink) == DECISIONS[form]
    assert prepared.counts["examined"] == 300
    for part, original in ((prepared.train, digit_set.train), (prepared.test, digit_set.test)):
        expected = np.stack([prepared.preparation.apply(image).image for image in original.images])
        np.testing.assert_array_equal(part.images, expected)
        np.testing.assert_array_equal(part.labels, original.labels)


def test_images_of_mnist_are_neither_changed_nor_copied(tmp_path: Path) -> None:
    for name, array in zip(IDX_NAMES, (SAMPLE.train, SAMPLE.train, SAMPLE.test, SAMPLE.test), strict=True):
        if "images" in name:
            write_images(tmp_path / name, array.images)
        else:
            write_labels(tmp_path / name, array.labels)
    digit_set = own_digits(tmp_path, configured.archive())
    prepared = prepare(digit_set, "auto")
    assert isinstance(prepared.train.images, np.memmap)
    assert prepared.train.images is digit_set.train.images
    assert prepared.fingerprint == digit_set.fingerprint == SAMPLE.fingerprint
    assert prepared.counts == {"examined": 4500, "mnist_form": 4500, "changed": 0, "blank": 0}


def test_digits_on_light_paper_become_those_of_mnist() -> None:
    prepared = prepare(image_set("dark_on_light"), "auto")
    assert prepared.fingerprint == image_set("mnist").fingerprint
    assert prepared.counts == {"examined": 300, "mnist_form": 300, "changed": 360, "blank": 0}


@pytest.mark.parametrize(("others", "form"), [(15, "mnist"), (16, "as_is")])
def test_five_percent_of_the_training_images_may_have_another_form(others: int, form: str) -> None:
    digit_set = image_set("mnist")
    images = digit_set.train.images.copy()
    images[:others] = FORMS["off_centre"](images[:others])
    digit_set = replaced(digit_set, images)
    prepared = prepare(digit_set, "auto")
    assert prepared.preparation.form == form
    assert prepared.counts["mnist_form"] == 300 - others
    assert prepared.counts["changed"] == (others if form == "mnist" else 0)


def test_images_that_show_nothing_are_kept_and_counted() -> None:
    digit_set = image_set("dark_on_light")
    images = digit_set.train.images.copy()
    images[7] = 255
    prepared = prepare(replaced(digit_set, images), "auto")
    assert prepared.counts["blank"] == 1
    assert prepared.train.images[7].min() == 255


def test_the_form_can_be_requested() -> None:
    digit_set = image_set("fills_frame")
    prepared = prepare(digit_set, "mnist")
    assert prepared.preparation.form == "mnist"
    np.testing.assert_array_equal(prepared.test.images[3], canonical_form(digit_set.test.images[3]))
    assert prepare(image_set("mnist"), "as_is").preparation.form == "as_is"


def test_the_manifest_says_in_one_line_what_was_decided() -> None:
    dark = data_manifest(prepare(image_set("dark_on_light"), "auto"))
    assert dark["preparation"]["form"] == "mnist"
    assert describe_preparation(dark) == (
        "converted to MNIST form where they differ from it; 300 of 300 training images are in MNIST form, ink dark; "
        "changed 360"
    )
    frame = data_manifest(prepare(image_set("fills_frame_dark_on_light"), "auto"))
    assert describe_preparation(frame).startswith("inverted, otherwise as they are; 0 of 300 training images are")


def replaced(digit_set: DigitSet, train_images: np.ndarray) -> DigitSet:
    """The same set with other training images."""
    return replace(digit_set, train=replace(digit_set.train, images=train_images))
