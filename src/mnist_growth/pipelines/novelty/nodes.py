"""Training of the novelty detector of a network."""

import numpy as np

from mnist_growth.digits import DIGIT_NAMES, Digits, Split, evenly_spread
from mnist_growth.evaluation import check_training_digits
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
    check_training_digits(trained.dataset, trained.fingerprint, train_digits)
    rows = evenly_spread(split.train, config.digits)
    known, labels = train_digits.images[rows], train_digits.labels[rows]
    validation = train_digits.images[split.validation]
    release_pages(train_digits.images)
    # Letters and mirrored digits are outliers only of handwritten digits.
    are_digits = train_digits.preparation.form == "mnist" and train_digits.class_names == DIGIT_NAMES
    outliers = digit_outliers if are_digits else image_outliers
    unknown = outliers(known, labels, max(1, len(known) // 2), np.random.default_rng(config.seed))
    with use_threads(1):  # as fast as several for a small perceptron, and the same result everywhere
        return fit_detector(trained, known, unknown, validation, config)
