"""Histograms of many images with the bins of the reference."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.drift.features import Features
from mnist_growth.drift.reference import DriftReference, bin_counts


def count_all(reference: DriftReference, stream: Iterable[Features]) -> dict[str, NDArray[np.int64]]:
    """Return the number of images in each bin of each feature, int64 [B + 1]; the last bin counts undefined values."""
    counts = {name: np.zeros_like(feature.counts) for name, feature in reference.features.items()}
    for features in stream:
        for name, feature in reference.features.items():
            counts[name] += bin_counts(features[name], feature.edges)
    return counts


def histogram_table(reference: DriftReference, counts: Mapping[str, NDArray[np.int64]]) -> pd.DataFrame:
    """Return the shares of training and current images in each bin.

    Returns:
        One row per feature and bin: ``feature``, ``bin`` (description of its range), ``training`` and ``current``
        (shares of all images). The bin of undefined values is left out if it is empty.
    """
    rows = []
    for name, feature in reference.features.items():
        current = counts[name]
        labels = [*_labels(name, feature.edges), "none"]
        training_share = feature.counts / max(1, feature.counts.sum())
        current_share = current / max(1, current.sum())
        rows += [
            {"feature": name, "bin": label, "training": float(training), "current": float(now)}
            for label, training, now in zip(labels, training_share, current_share, strict=True)
            if label != "none" or training + now > 0
        ]
    return pd.DataFrame(rows, columns=["feature", "bin", "training", "current"])


def _labels(name: str, edges: NDArray[np.float64]) -> list[str]:
    """Descriptions of the bins."""
    if name == "digit":
        return [str(digit) for digit in range(len(edges) + 1)]
    numbers = [f"{edge:.3g}" for edge in edges]
    if not numbers:
        return ["all"]
    between = [f"{low} to {high}" for low, high in pairwise(numbers)]
    return [f"up to {numbers[0]}", *between, f"above {numbers[-1]}"]
