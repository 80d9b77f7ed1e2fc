"""What our service monitors in benchmarks, as after `kedro run`: a drift reference and a novelty detector."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.common.base_parameters import from_base
from mnist_growth.batch import Picture, features_of, predict_pictures
from mnist_growth.digits import already_prepared, sample_digits
from mnist_growth.drift import DriftConfig, DriftReference, load_reference, save_reference
from mnist_growth.network import load_network, predict_logits
from mnist_growth.novelty import (
    NoveltyConfig,
    NoveltyDetector,
    digit_outliers,
    fit_detector,
    load_detector,
    save_detector,
)

REFERENCE, DETECTOR = "drift_reference.json", "novelty_detector.safetensors"
_DIGITS, _EPOCHS = 600, 2  # of the detector; how well it works does not change how long it takes


def write_monitors(network: Path, folder: Path) -> None:
    """Measure the reference and train the detector of a network with digits of the sample.

    Args:
        network: File of the network.
        folder: Folder for both files.
    """
    trained, digits, generator = load_network(network), sample_digits(), np.random.default_rng(0)
    pictures = (Picture(str(number), image) for number, image in enumerate(digits.test.images))
    parts = predict_pictures(pictures, partial(predict_logits, trained.network), already_prepared, trained.class_names)
    measured = features_of(pd.concat([part.predictions for part in parts], ignore_index=True))
    bins = from_base(DriftConfig, "drift").bins
    reference = DriftReference.of(measured, bins, trained.network.classes, trained.sha256, trained.dataset)
    save_reference(folder / REFERENCE, reference)
    known, labels = np.array(digits.train.images[:_DIGITS]), np.array(digits.train.labels[:_DIGITS])
    config = from_base(NoveltyConfig, "novelty", epochs=_EPOCHS)
    outliers = digit_outliers(known, labels, len(known), generator)
    save_detector(folder / DETECTOR, fit_detector(trained, known, outliers, digits.test.images, config))


def read_monitors(folder: Path) -> tuple[DriftReference, NoveltyDetector]:
    """Read the files that `write_monitors` wrote."""
    return load_reference(folder / REFERENCE), load_detector(folder / DETECTOR)
