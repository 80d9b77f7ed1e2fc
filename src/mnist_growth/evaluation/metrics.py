"""Metrics of predictions: for the entire test set, per class and per pair of classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.digits.digits import DIGIT_NAMES
from mnist_growth.evaluation.calibration import expected_calibration_error
from mnist_growth.evaluation.intervals import wilson_interval
from mnist_growth.evaluation.predictions import class_count, probabilities


def test_metrics(
    predictions: pd.DataFrame,
    *,
    dataset: str,
    requested_dataset: str,
    fingerprint: str,
    hidden_widths: Sequence[int],
    parameters: int,
    epochs: int,
    calibration_bins: int,
) -> dict[str, Any]:
    """Return the test metrics of a network and its description, as values that can be written as JSON.

    Args:
        predictions: Labelled ``prediction_table``.
        dataset: Name of the data set of the test digits.
        requested_dataset: Name of the requested data set; differs from ``dataset`` if the sample replaced it.
        fingerprint: SHA-256 of the data set.
        hidden_widths: Number of units of each hidden layer, in order from the input.
        parameters: Number of trainable parameters.
        epochs: Number of training epochs.
        calibration_bins: Number of bins of the expected calibration error.

    Returns:
        Plain Python numbers, strings and lists. Fractions of 1: ``accuracy`` and its 95 % Wilson interval,
        ``accuracy_low`` to ``accuracy_high``, ``error_rate`` (1 - accuracy), ``top_2_accuracy`` (the label is one of
        the two most probable classes), ``macro_f1`` (mean F1 of the classes that occur as a label or as a prediction)
        and ``expected_calibration_error``. ``brier_score``: mean squared distance between the probabilities and the
        one-hot labels, summed over the classes, 0 to 2 (Brier, Monthly Weather Review 78, 1950). In nats: ``loss``, the
        mean negative log-likelihood of the labels. Counts: ``errors``, ``examples``, ``parameters``, ``epochs``,
        ``hidden_widths``. Strings: ``dataset``, ``requested_dataset``, ``fingerprint``.
    """
    labels = predictions["label"].to_numpy()
    predicted = predictions["prediction"].to_numpy()
    counts = _counts(predictions)
    occurs = counts.sum(axis=0) + counts.sum(axis=1) > 0
    class_probabilities = probabilities(predictions)
    correct = predicted == labels
    examples = len(predictions)
    errors = examples - int(correct.sum())
    label_probabilities = class_probabilities[np.arange(examples), labels]
    more_probable = (class_probabilities > label_probabilities[:, np.newaxis]).sum(axis=1)
    low, high = wilson_interval(examples - errors, examples)
    return {
        "accuracy": (examples - errors) / examples,
        "accuracy_low": float(low),
        "accuracy_high": float(high),
        "error_rate": errors / examples,
        "errors": errors,
        "examples": examples,
        "loss": mean_negative_log_likelihood(predictions),
        "top_2_accuracy": float(np.mean(more_probable < 2)),
        "macro_f1": float(np.mean(_f1(counts)[occurs])),
        "brier_score": float(np.mean(((class_probabilities - np.eye(len(counts))[labels]) ** 2).sum(axis=1))),
        "expected_calibration_error": expected_calibration_error(
            predictions["confidence"].to_numpy(), correct, calibration_bins
        ),
        "dataset": dataset,
        "requested_dataset": requested_dataset,
        "fingerprint": fingerprint,
        "hidden_widths": [int(width) for width in hidden_widths],
        "parameters": int(parameters),
        "epochs": int(epochs),
    }


def mean_negative_log_likelihood(predictions: pd.DataFrame) -> float:
    """Return the mean negative log-likelihood of the labels in nats, the cross-entropy."""
    rows = np.arange(len(predictions))
    label_probabilities = probabilities(predictions)[rows, predictions["label"].to_numpy()]
    # The softmax underflows to 0 about 745 below the largest logit; clipping keeps the loss finite.
    return float(np.mean(-np.log(np.maximum(label_probabilities, np.finfo(np.float64).tiny))))


def class_metrics(predictions: pd.DataFrame, class_names: Sequence[str] = DIGIT_NAMES) -> pd.DataFrame:
    """Return precision, recall and F1 of each class.

    Args:
        predictions: Labelled ``prediction_table``.
        class_names: Names of the classes.

    Returns:
        One row per class with the columns ``digit`` (int64, the class), ``precision``, ``recall`` and ``f1`` (float64,
        fractions of 1, 0 for classes that do not occur), ``support`` (int64, number of test digits of the class), and
        the 95 % Wilson intervals ``precision_low`` to ``precision_high`` and ``recall_low`` to ``recall_high``
        (float64, NaN for classes that are not predicted, or do not occur), and ``class_name`` (text).
    """
    counts = _counts(predictions)
    correct, predicted, support = counts.diagonal(), counts.sum(axis=0), counts.sum(axis=1)
    precision_low, precision_high = wilson_interval(correct, predicted)
    recall_low, recall_high = wilson_interval(correct, support)
    return pd.DataFrame(
        {
            "digit": np.arange(len(counts), dtype=np.int64),
            "precision": correct / np.maximum(predicted, 1),
            "recall": correct / np.maximum(support, 1),
            "f1": _f1(counts),
            "support": support,
            "precision_low": precision_low,
            "precision_high": precision_high,
            "recall_low": recall_low,
            "recall_high": recall_high,
            "class_name": list(class_names),
        }
    )


def confusion_matrix(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the confusion matrix.

    Args:
        predictions: Labelled ``prediction_table``.

    Returns:
        Counts (int64) with a row for each true class (index ``label``) and a column for each predicted class, named
        "0", "1" and so on because Parquet requires strings.
    """
    counts = _counts(predictions)
    return pd.DataFrame(
        counts,
        index=pd.Index(range(len(counts)), name="label", dtype=np.int64),
        columns=[str(number) for number in range(len(counts))],
    )


def _counts(predictions: pd.DataFrame) -> NDArray[np.int64]:
    """Count the digits [C, C] by label (rows) and predicted class (columns).

    Equal to the function of scikit-learn, whose import takes a second and 50 MB of memory.
    """
    classes = class_count(predictions)
    pairs = classes * predictions["label"].to_numpy() + predictions["prediction"].to_numpy()
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes).astype(np.int64)


def _f1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return F1 [C] of the classes, the harmonic mean of precision and recall; 0 for classes that do not occur."""
    f1: NDArray[np.float64] = 2 * counts.diagonal() / np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    return f1
