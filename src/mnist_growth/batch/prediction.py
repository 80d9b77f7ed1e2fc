"""Prediction of a stream of images."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.batch.picture import Picture
from mnist_growth.batch.prepared import Prepare, PreparedPicture, prepare_pictures
from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.digits.doubt import SEPARATOR
from mnist_growth.drift import FEATURES, STYLE, Features, collect, measure_images
from mnist_growth.evaluation.doubt import NO_LIMITS, DoubtLimits, network_doubts
from mnist_growth.evaluation.predictions import prediction_table, probability_columns
from mnist_growth.novelty import NoveltyScore

PART = 500
"""Number of images per forward pass."""

Logits = Callable[[NDArray[np.uint8]], NDArray[np.floating]]
"""Logits [N, C] of images uint8 [N, 28, 28]."""


@dataclass(frozen=True, eq=False)
class Part:
    """Results of at most `PART` images.

    Attributes:
        predictions: One row per readable image: ``name``, ``prediction``, ``class_name``, ``confidence``, ``doubt``
            (reasons, separated by semicolons; empty if there are none), ``novelty`` (NaN without a detector), the
            probability of each class (``probability_0`` and so on), and the style: ``pixel_mean``, ``ink``, ``slant``,
            ``thickness``.
        unreadable: One row per other image: ``name``, ``reason``.
        forms: Prepared images of the predictions, uint8 [N, 28, 28].
        positions: Their positions among all images, from 0, int64 [N].
    """

    predictions: pd.DataFrame
    unreadable: pd.DataFrame
    forms: NDArray[np.uint8]
    positions: NDArray[np.int64]


def predict_pictures(
    pictures: Iterable[Picture],
    logits: Logits,
    prepare: Prepare,
    class_names: Sequence[str],
    *,
    novelty: NoveltyScore | None = None,
    limits: DoubtLimits = NO_LIMITS,
    strict: bool = False,
) -> Iterator[Part]:
    """Prepare images and predict them in parts: `prepare_pictures`, then `predict_prepared`."""
    prepared = prepare_pictures(pictures, prepare)
    return predict_prepared(prepared, logits, class_names, novelty=novelty, limits=limits, strict=strict)


def predict_prepared(
    prepared: Iterable[PreparedPicture],
    logits: Logits,
    class_names: Sequence[str],
    *,
    novelty: NoveltyScore | None = None,
    limits: DoubtLimits = NO_LIMITS,
    strict: bool = False,
) -> Iterator[Part]:
    """Predict images in parts.

    Args:
        prepared: Images; they are read one at a time and not kept.
        logits: Function that computes the logits of the network.
        class_names: Names of the classes, in the order of the logits.
        novelty: Function that scores how much images differ from training digits.
        limits: Limits of confidence and novelty beyond which a prediction is doubtful.
        strict: Whether to stop at an image that cannot be read.

    Raises:
        ValueError: An image cannot be read and ``strict`` is set.
    """
    remaining = enumerate(prepared)
    while group := list(islice(remaining, PART)):
        unreadable = [(image.name, image.reason) for _, image in group if image.form is None]
        if unreadable and strict:
            name, reason = unreadable[0]
            raise ValueError(
                f"Cannot predict {name}: {reason}; remove or replace it, or leave out predict.strict to skip it"
            )
        positions = [position for position, image in group if image.form is not None]
        readable = [image for _, image in group if image.form is not None]
        forms = np.array([image.form for image in readable], np.uint8).reshape(-1, IMAGE_SIDE, IMAGE_SIDE)
        yield Part(
            _predict(readable, forms, logits, class_names, novelty, limits),
            pd.DataFrame(unreadable, columns=["name", "reason"], dtype="str"),
            forms,
            np.array(positions, np.int64),
        )


def columns(classes: int) -> list[str]:
    """Return the columns of the table of predictions for a number of classes."""
    return ["name", "prediction", "class_name", "confidence", "doubt", "novelty", *probability_columns(classes), *STYLE]


def features_of(predictions: pd.DataFrame) -> Features:
    """Return the drift features of the images in a table of predictions."""
    return collect({name: predictions["prediction" if name == "digit" else name].to_numpy() for name in FEATURES})


def _predict(
    images: list[PreparedPicture],
    forms: NDArray[np.uint8],
    logits: Logits,
    class_names: Sequence[str],
    novelty: NoveltyScore | None,
    limits: DoubtLimits,
) -> pd.DataFrame:
    """The table of predictions; it has no rows if there are no images."""
    if not images:
        empty = {name: np.empty(0) for name in columns(len(class_names))}
        texts = dict.fromkeys(("name", "class_name", "doubt"), "str")
        return pd.DataFrame(empty).astype({**texts, "prediction": np.int64})
    table = prediction_table(logits(forms)).drop(columns="index")
    features = measure_images(
        np.array([image.mean for image in images]),
        forms,
        table["prediction"].to_numpy(),
        table["confidence"].to_numpy(),
    )
    table.insert(0, "name", pd.Series([image.name for image in images], dtype="str"))
    table["class_name"] = pd.Series([class_names[number] for number in table["prediction"]], dtype="str")
    table["novelty"] = np.nan if novelty is None else novelty(forms)
    doubts = [
        SEPARATOR.join((*image.doubts, *network_doubts(confidence, score, limits)))
        for image, confidence, score in zip(images, table["confidence"], table["novelty"], strict=True)
    ]
    table["doubt"] = pd.Series(doubts, dtype="str")
    return table.assign(**{name: features[name] for name in STYLE})[columns(len(class_names))]
