"""Training of the novelty detector of a network."""

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits import DIGIT_NAMES, Digits, Split
from mnist_growth.machine import release_pages, use_threads
from mnist_growth.network import TrainedNetwork
from mnist_growth.novelty import NoveltyConfig, NoveltyDetector, digit_outliers, fit_detector, image_outliers


def fit_novelty_detector(
    trained: TrainedNetwork, train_digits: Digits, split: Split, config: NoveltyConfig
) -> NoveltyDetector:
    """Train a detector of images that are unlike the digits of a network.

    Raises:
        ValueError: The digits belong to another data set than the network.
    """
    if train_digits.fingerprint != trained.fingerprint:
        raise ValueError(
            f"The network was trained on {trained.dataset!r}, but the newest digits belong to another set "
            f"({train_digits.dataset!r}); name its own (--load-versions train_digits:<version>)"
        )
    rows = _spread(split.train, config.digits)
    known, labels = train_digits.images[rows], train_digits.labels[rows]
    validation = train_digits.images[split.validation]
    release_pages(train_digits.images)
    # Letters and mirrored digits are outliers only of handwritten digits.
    are_digits = train_digits.preparation.form == "mnist" and train_digits.class_names == DIGIT_NAMES
    outliers = digit_outliers if are_digits else image_outliers
    unknown = outliers(known, labels, len(known), np.random.default_rng(config.seed))
    with use_threads(1):  # as fast as several for a small perceptron, and the same result everywhere
        return fit_detector(trained, known, unknown, validation, config)


def _spread(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return at most ``count`` evenly spread rows."""
    ranks = np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(np.int64)
    return rows[ranks]
