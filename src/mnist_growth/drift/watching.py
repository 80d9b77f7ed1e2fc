"""Comparison of a stream of images, window by window."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from mnist_growth.drift.comparison import compare
from mnist_growth.drift.config import DriftConfig
from mnist_growth.drift.features import Features
from mnist_growth.drift.reference import DriftReference
from mnist_growth.drift.window import SlidingWindow

COLUMNS = {
    "window": "int64",
    "first_image": "int64",
    "last_image": "int64",
    "feature": "str",
    "images": "int64",
    "kl": "float64",
    "psi": "float64",
    "ks": "float64",
    "ks_p_value": "float64",
    "measure": "str",
    "times_limit": "float64",
    "alarm": "bool",
}


def watch(reference: DriftReference, stream: Iterable[Features], config: DriftConfig) -> pd.DataFrame:
    """Compare a stream of images with the training digits, window by window.

    Args:
        reference: Drift reference of the network.
        stream: Features of images; they are processed in pieces and not kept longer than a window.
        config: Length of a window, smoothing and limits.

    Returns:
        One row per window and feature: ``window``, ``first_image`` and ``last_image``, all counted from 1, and the
        attributes of `FeatureDrift`. If there are enough images, the last window overlaps the one before, so that all
        windows have the same length.
    """
    rows: list[dict[str, Any]] = []
    window, waiting, number = SlidingWindow(config.window), 0, 0
    for piece in _pieces(stream, config.window):
        window.add(piece)
        waiting = (waiting + len(piece["digit"])) % config.window
        if waiting == 0:
            number += 1
            rows += _compared(reference, window, config, number)
    if waiting:
        rows += _compared(reference, window, config, number + 1)
    return pd.DataFrame(rows, columns=[*COLUMNS]).astype(COLUMNS)


def _pieces(stream: Iterable[Features], length: int) -> Iterator[Features]:
    """The same images in pieces that end at the ends of windows of this length."""
    seen = 0
    for features in stream:
        start, count = 0, len(features["digit"])
        while start < count:
            end = min(count, start + length - seen % length)
            yield {name: values[start:end] for name, values in features.items()}
            seen += end - start
            start = end


def _compared(
    reference: DriftReference, window: SlidingWindow, config: DriftConfig, number: int
) -> list[dict[str, Any]]:
    """Rows of a window."""
    place = {"window": number, "first_image": window.seen - len(window) + 1, "last_image": window.seen}
    return [{**place, **asdict(feature)} for feature in compare(reference, window.features, config)]
