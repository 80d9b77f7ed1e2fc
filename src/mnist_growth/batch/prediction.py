"""Predictions of images that come one after the other."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.batch.picture import Picture
from mnist_growth.digits.canonical import canonical_form
from mnist_growth.drift import FEATURES, STYLE, Features, collect, measure_images, pixel_mean
from mnist_growth.evaluation.predictions import PROBABILITY_COLUMNS, prediction_table

COLUMNS = ["name", "prediction", "confidence", *PROBABILITY_COLUMNS, *STYLE]
"""Of the table of predictions."""

PART = 500
"""Images that are predicted together."""

Logits = Callable[[NDArray[np.uint8]], NDArray[np.floating]]
"""Logits [N, 10] of images uint8 [N, 28, 28]."""


@dataclass(frozen=True, eq=False)
class Part:
    """What became of at most `PART` images.

    Attributes:
        predictions: A row for each image that could be read: ``name``, ``prediction``, ``confidence``,
            ``probability_0`` to ``probability_9``, and how it looks: ``pixel_mean``, ``ink``, ``slant``, ``thickness``.
        unreadable: A row for each of the others: ``name``, ``reason``.
    """

    predictions: pd.DataFrame
    unreadable: pd.DataFrame


def predict_pictures(pictures: Iterable[Picture], logits: Logits, *, strict: bool = False) -> Iterator[Part]:
    """Predict images part by part; each is brought to MNIST form first.

    Args:
        pictures: Taken one at a time, and not kept.
        logits: Of the network.
        strict: Stop at an image that cannot be read.

    Raises:
        ValueError: An image cannot be read, with ``strict``.
    """
    remaining = iter(pictures)
    while group := [_brought_to_form(picture) for picture in islice(remaining, PART)]:
        unreadable = [(image.name, image.reason) for image in group if image.form is None]
        if unreadable and strict:
            name, reason = unreadable[0]
            raise ValueError(
                f"{name} cannot be predicted: {reason}; remove or replace it, or leave out predict.strict to skip it"
            )
        readable = [image for image in group if image.form is not None]
        yield Part(_predict(readable, logits), pd.DataFrame(unreadable, columns=["name", "reason"], dtype="str"))


def features_of(predictions: pd.DataFrame) -> Features:
    """Return the features of the images in a table of predictions, by which they can be compared with training."""
    columns = {name: predictions["prediction" if name == "digit" else name].to_numpy() for name in FEATURES}
    return collect(columns)


class _Image(NamedTuple):
    """A picture in MNIST form, uint8 [28, 28], or the reason why there is none; its mean grey value from before."""

    name: str
    form: NDArray[np.uint8] | None
    mean: float
    reason: str


def _brought_to_form(picture: Picture) -> _Image:
    if picture.pixels is None:
        return _Image(picture.name, None, 0.0, picture.error)
    try:
        return _Image(picture.name, canonical_form(picture.pixels), pixel_mean(picture.pixels), "")
    except ValueError as error:
        return _Image(picture.name, None, 0.0, str(error))


def _predict(images: list[_Image], logits: Logits) -> pd.DataFrame:
    """The table of predictions; without images, one without rows."""
    if not images:
        empty = {name: np.empty(0) for name in COLUMNS}
        return pd.DataFrame(empty).astype({"name": "str", "prediction": np.int64})
    forms = np.stack([image.form for image in images if image.form is not None])
    table = prediction_table(logits(forms)).drop(columns="index")
    features = measure_images(
        np.array([image.mean for image in images]),
        forms,
        table["prediction"].to_numpy(),
        table["confidence"].to_numpy(),
    )
    table.insert(0, "name", pd.Series([image.name for image in images], dtype="str"))
    return table.assign(**{name: features[name] for name in STYLE})
