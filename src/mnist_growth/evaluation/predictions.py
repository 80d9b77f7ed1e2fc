"""Prediction table, the input of all evaluation metrics, and selections of its rows."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.network.probabilities import softmax

_PROBABILITY = "probability_"


def probability_columns(classes: int) -> list[str]:
    """Return the names of the columns with the probability of each class."""
    return [f"{_PROBABILITY}{number}" for number in range(classes)]


def class_count(predictions: pd.DataFrame) -> int:
    """Return the number of classes of a prediction table."""
    return sum(str(name).startswith(_PROBABILITY) for name in predictions.columns)


def prediction_table(logits: NDArray[np.floating], labels: NDArray[np.integer] | None = None) -> pd.DataFrame:
    """Return a table with the label, prediction and confidence of each image.

    Probabilities are the softmax of the logits, always computed in float64.

    Args:
        logits: Outputs of the network, floating point of shape [N, C] for C classes, N >= 1.
        labels: True classes, integer of shape [N], or None if they are unknown.

    Returns:
        A table with N rows and the columns

        - ``index`` (int64): position of the image in its set, 0 to N - 1;
        - ``label`` (int64): true class; omitted if ``labels`` is None;
        - ``prediction`` (int64): most probable class; the smallest one of a tie;
        - ``confidence`` (float64): probability of the prediction, 1 / C to 1;
        - ``probability_0``, ``probability_1`` and so on (float64): probability of each class; a row sums to 1.

    Raises:
        ValueError: A shape is wrong, or a logit is infinite or NaN.
    """
    if logits.ndim != 2 or logits.shape[1] < 2 or len(logits) == 0:
        raise ValueError(
            f"The logits have shape {list(logits.shape)}, expected [N, C] with N >= 1 images and C >= 2 classes"
        )
    if labels is not None and labels.shape != (len(logits),):
        raise ValueError(
            f"The labels have shape {list(labels.shape)} for {len(logits)} rows of logits, "
            "expected one label for each row"
        )
    if not np.isfinite(logits).all():
        count = int((~np.isfinite(logits)).any(axis=1).sum())
        raise ValueError(
            f"The network's outputs for {count} of {len(logits)} images are not finite, expected finite numbers: "
            "its training diverged, train it again with a smaller learning rate"
        )
    probabilities = softmax(logits.astype(np.float64))
    columns: dict[str, NDArray[np.generic]] = {"index": np.arange(len(logits), dtype=np.int64)}
    if labels is not None:
        columns["label"] = labels.astype(np.int64)
    columns["prediction"] = logits.argmax(axis=1).astype(np.int64)
    columns["confidence"] = probabilities.max(axis=1)
    columns |= dict(zip(probability_columns(logits.shape[1]), probabilities.T, strict=True))
    return pd.DataFrame(columns)


def probabilities(predictions: pd.DataFrame) -> NDArray[np.float64]:
    """Return the probabilities of a prediction table as an array float64 [N, C]."""
    return predictions[probability_columns(class_count(predictions))].to_numpy(dtype=np.float64)


def spread_sample(predictions: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return at most ``count`` evenly spaced rows, from the first to the last.

    In a data set that is sorted by label, evenly spaced rows include every class.
    """
    rows = np.linspace(0, len(predictions) - 1, num=min(count, len(predictions))).round().astype(np.int64)
    return predictions.iloc[rows].reset_index(drop=True)


def worst_mistakes(predictions: pd.DataFrame, count: int | None = None) -> pd.DataFrame:
    """Return the rows with a wrong prediction, the most confident first; at most ``count`` unless it is None."""
    mistakes = predictions[predictions["prediction"] != predictions["label"]]
    ordered = mistakes.sort_values(["confidence", "index"], ascending=[False, True], ignore_index=True)
    return ordered if count is None else ordered.head(count)


def ambiguous_digits(predictions: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the ``count`` digits with the smallest margins between the two most probable classes.

    Args:
        predictions: Labelled ``prediction_table``.
        count: Maximum number of rows.

    Returns:
        The columns ``index``, ``label``, ``prediction`` and ``runner_up`` (int64: the second most probable class),
        ``confidence`` and ``runner_up_probability`` (float64) and ``margin``, their difference, in ascending order of
        ``margin``.
    """
    table = probabilities(predictions)
    rows = np.arange(len(table))
    others = table.copy()
    others[rows, predictions["prediction"].to_numpy()] = -1.0
    runner_up = others.argmax(axis=1)
    result = predictions[["index", "label", "prediction"]].assign(
        runner_up=runner_up, confidence=predictions["confidence"], runner_up_probability=table[rows, runner_up]
    )
    result["margin"] = result["confidence"] - result["runner_up_probability"]
    return result.sort_values(["margin", "index"], ignore_index=True).head(count)
