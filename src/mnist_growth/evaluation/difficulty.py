"""Difficult digits, and digits that may be mislabelled."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.evaluation.predictions import probabilities


def digit_difficulty(predictions: pd.DataFrame, gradient_norm: NDArray[np.floating], part: str) -> pd.DataFrame:
    """Return the difficulty of each digit, and whether its label may be wrong.

    A label is suspected, by the rule of confident learning, if the network gives another class at least the mean
    probability that it gives this class when it is the label (Northcutt, Jiang & Chuang, "Confident Learning:
    Estimating Uncertainty in Dataset Labels", JAIR 70, 2021, equations 1 and 2).

    Args:
        predictions: Labelled ``prediction_table``.
        gradient_norm: Norm of the gradient of each digit, [N].
        part: Name of the part that the digits belong to.

    Returns:
        One row per digit, in the same order: ``part``, ``index``, ``label``, ``prediction`` (int64), ``confidence``,
        ``label_probability`` (float64), ``gradient_norm`` (float64), ``suspected`` (bool) and ``suggestion`` (int64:
        the more probable class; the label itself if it is not suspected).
    """
    table, labels = probabilities(predictions), predictions["label"].to_numpy()
    label_probability = table[np.arange(len(labels)), labels]
    classes = table.shape[1]
    count = np.bincount(labels, minlength=classes)
    total_probability = np.bincount(labels, weights=label_probability, minlength=classes)
    threshold = np.divide(total_probability, count, out=np.full(classes, np.inf), where=count > 0)
    candidates = np.where(table >= threshold, table, -1.0)
    best = candidates.argmax(axis=1)
    suspected = (candidates.max(axis=1) >= 0) & (best != labels)
    return predictions[["index", "label", "prediction", "confidence"]].assign(
        part=part,
        label_probability=label_probability,
        gradient_norm=gradient_norm.astype(np.float64),
        suspected=suspected,
        suggestion=np.where(suspected, best, labels),
    )[
        [
            "part",
            "index",
            "label",
            "prediction",
            "confidence",
            "label_probability",
            "gradient_norm",
            "suspected",
            "suggestion",
        ]
    ]


def hardest_digits(difficulty: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the ``count`` rows with the largest gradient norms, in descending order."""
    ordered = difficulty.sort_values(["gradient_norm", "part", "index"], ascending=[False, True, True])
    return ordered.head(count).reset_index(drop=True)


def suspected_labels(difficulty: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the ``count`` suspected rows with the least probable labels, in ascending order of probability."""
    suspected = difficulty[difficulty["suspected"]]
    return suspected.sort_values(["label_probability", "part", "index"]).head(count).reset_index(drop=True)
