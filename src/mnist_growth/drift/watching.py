"""Windows over a stream of images, one after the other."""

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
    "alarm": "bool",
}


def watch(reference: DriftReference, stream: Iterable[Features], config: DriftConfig) -> pd.DataFrame:
    """Compare a stream of images with training, window by window.

    Args:
        reference: Of the network.
        stream: Features of images, taken one piece at a time and not kept longer than a window.
        config: Among others the length of a window.

    Returns:
        A row for each window and feature: ``window`` from 1, ``first_image`` and ``last_image`` in it from 1, and what
        `FeatureDrift` has. The last window reaches back to be as long as the others, where there are enough images.
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
    """The same images, cut so that a piece ends wherever a window of this length does."""
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
    """The rows of a window."""
    place = {"window": number, "first_image": window.seen - len(window) + 1, "last_image": window.seen}
    return [{**place, **asdict(feature)} for feature in compare(reference, window.features, config)]
