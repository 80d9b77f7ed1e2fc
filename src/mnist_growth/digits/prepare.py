"""Decide how the images of a data set are prepared, and prepare them."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.canonical import canonical_form
from mnist_growth.digits.config import PreparationName
from mnist_growth.digits.digits import DigitSet
from mnist_growth.digits.mnist_form import in_mnist_form
from mnist_growth.digits.preparation import Ink, Preparation

MNIST_SHARE = 0.95
"""Share of the training images, as they are or inverted, from which on a data set is in MNIST form."""

_MIXED_SHARE = 0.05  # smaller share of light or dark ink from which on the ink of a data set in MNIST form is mixed
_DARK_SHARE = 0.75  # share of dark ink from which on a data set is inverted as a whole
_CHUNK = 4096  # images examined at once (3 MB), so that memory maps larger than memory stay on disk

Images = NDArray[np.uint8]


class _Examined(NamedTuple):
    """Numbers of training images: all, in MNIST form (as they are or inverted), and with dark ink."""

    total: int
    mnist_form: int
    dark: int


def prepare(digit_set: DigitSet, requested: PreparationName) -> DigitSet:
    """Return a data set with prepared images, and with the preparation.

    Images that do not change stay as they are: arrays and memory maps of data sets in MNIST form are not copied.

    Args:
        digit_set: A data set with the original images.
        requested: The form, or "auto" to decide by the training images.

    Returns:
        The data set; its `counts` are the numbers of training images that were examined (``examined``) and were in
        MNIST form, as they are or inverted (``mnist_form``), of images of both parts that were changed (``changed``),
        and of those that show nothing and were kept as they are (``blank``).
    """
    examined = _examine(digit_set.train.images)
    if requested == "auto" and digit_set.counts.get("resized"):
        requested = "as_is"  # MNIST form could be the result of scaling, which images to predict would not get
    preparation = _decide(examined, requested)
    train, train_changed, train_blank = _prepared(digit_set.train.images, preparation)
    test, test_changed, test_blank = _prepared(digit_set.test.images, preparation)
    counts = {
        **digit_set.counts,
        "examined": examined.total,
        "mnist_form": examined.mnist_form,
        "changed": train_changed + test_changed,
        "blank": train_blank + test_blank,
    }
    if not counts["changed"]:
        train_part, test_part = (replace(part, preparation=preparation) for part in (digit_set.train, digit_set.test))
        return replace(digit_set, train=train_part, test=test_part, counts=counts)
    return DigitSet.from_arrays(
        train,
        digit_set.train.labels,
        test,
        digit_set.test.labels,
        dataset=digit_set.dataset,
        requested=digit_set.requested,
        source=digit_set.source,
        files=digit_set.files,
        preparation=preparation,
        class_names=digit_set.class_names,
        counts=counts,
    )


def _examine(images: Images) -> _Examined:
    mnist_form = dark = 0
    for start in range(0, len(images), _CHUNK):
        chunk = images[start : start + _CHUNK]
        is_dark = _has_dark_ink(chunk)
        dark += int(is_dark.sum())
        mnist_form += int(in_mnist_form(np.where(is_dark[:, np.newaxis, np.newaxis], 255 - chunk, chunk)).sum())
    return _Examined(len(images), mnist_form, dark)


def _has_dark_ink(images: Images) -> NDArray[np.bool_]:
    """Return for each image, uint8 [N, 28, 28], whether its margin is lighter than the middle of its grey values."""
    margin = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    middle = (images.min(axis=(1, 2)).astype(np.float64) + images.max(axis=(1, 2))) / 2
    dark: NDArray[np.bool_] = np.median(margin, axis=1) > middle
    return dark


def _decide(examined: _Examined, requested: PreparationName) -> Preparation:
    dark = examined.dark / examined.total
    if requested == "as_is" or (requested == "auto" and examined.mnist_form < MNIST_SHARE * examined.total):
        return Preparation(form="as_is", ink="dark" if dark >= _DARK_SHARE else "light")
    ink: Ink = "light" if dark <= _MIXED_SHARE else "dark" if dark >= 1 - _MIXED_SHARE else "mixed"
    return Preparation(form="mnist", ink=ink)


def _prepared(images: Images, preparation: Preparation) -> tuple[Images, int, int]:
    """Return the prepared images, the number of changed images, and the number of images that show nothing."""
    if preparation.inverts:
        return 255 - images, len(images), 0
    if preparation.form == "as_is":
        return images, 0, 0
    prepared, changed, blank = None, 0, 0
    for start in range(0, len(images), _CHUNK):
        differing = start + np.flatnonzero(~in_mnist_form(images[start : start + _CHUNK]))
        for position in differing.tolist():
            try:
                image = canonical_form(np.asarray(images[position]))
            except ValueError:
                blank += 1
                continue
            if not np.array_equal(image, images[position]):
                prepared = np.array(images) if prepared is None else prepared
                prepared[position] = image
                changed += 1
    return images if prepared is None else prepared, changed, blank
