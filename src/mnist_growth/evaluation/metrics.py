"""What the predictions of a network are worth: as numbers of the whole test set, per class and per pair of classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics

from mnist_growth.digits.digits import NUM_CLASSES
from mnist_growth.evaluation.calibration import expected_calibration_error
from mnist_growth.evaluation.predictions import probabilities

_CLASSES = list(range(NUM_CLASSES))


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
    """Return what a network achieved on the test digits, and what it is, ready for JSON.

    Args:
        predictions: Labelled table of ``prediction_table``.
        dataset: Name of the set that the test digits belong to.
        requested_dataset: Name of the set that was asked for; differs from ``dataset`` when the sample had to stand in.
        fingerprint: SHA-256 of that set.
        hidden_widths: Units of each hidden layer, from the input on.
        parameters: Number of trainable parameters.
        epochs: Epochs of training behind the network.
        calibration_bins: Bins of the expected calibration error.

    Returns:
        Plain Python numbers, strings and lists. Fractions of 1: ``accuracy``, ``error_rate`` (1 - accuracy),
        ``top_2_accuracy`` (the label is among the two most probable classes), ``macro_f1`` (mean F1 of the classes that
        occur as a label or as a prediction) and ``expected_calibration_error``. In nats: ``loss``, the mean negative
        log-likelihood of the labels. Counts: ``errors``, ``examples``, ``parameters``, ``epochs``, ``hidden_widths``.
        Texts: ``dataset``, ``requested_dataset``, ``fingerprint``.
    """
    labels = predictions["label"].to_numpy()
    predicted = predictions["prediction"].to_numpy()
    class_probabilities = probabilities(predictions)
    correct = predicted == labels
    examples = len(predictions)
    errors = examples - int(correct.sum())
    label_probabilities = class_probabilities[np.arange(examples), labels]
    # The softmax underflows to 0 about 745 nats below the largest logit; the loss of such a digit stays finite.
    log_likelihoods = np.log(np.maximum(label_probabilities, np.finfo(np.float64).tiny))
    more_probable = (class_probabilities > label_probabilities[:, np.newaxis]).sum(axis=1)
    return {
        "accuracy": (examples - errors) / examples,
        "error_rate": errors / examples,
        "errors": errors,
        "examples": examples,
        "loss": float(np.mean(-log_likelihoods)),
        "top_2_accuracy": float(np.mean(more_probable < 2)),
        "macro_f1": float(metrics.f1_score(labels, predicted, average="macro", zero_division=0)),
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


def class_metrics(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return how well each of the ten classes is recognised.

    Args:
        predictions: Labelled table of ``prediction_table``.

    Returns:
        Ten rows with the columns ``digit`` (int64, 0 to 9), ``precision``, ``recall`` and ``f1`` (float64, fractions of
        1, 0 where a class does not occur) and ``support`` (int64, number of test digits of the class).
    """
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        predictions["label"].to_numpy(),
        predictions["prediction"].to_numpy(),
        labels=_CLASSES,
        zero_division=0,
    )
    return pd.DataFrame(
        {
            "digit": np.array(_CLASSES, dtype=np.int64),
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "support": support.astype(np.int64),
        }
    )


def confusion_matrix(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return how often each class was taken for each other.

    Args:
        predictions: Labelled table of ``prediction_table``.

    Returns:
        Counts (int64) in ten rows, one per true class (index ``label``, 0 to 9), and ten columns, one per predicted
        class, named "0" to "9" because parquet wants strings.
    """
    counts = metrics.confusion_matrix(
        predictions["label"].to_numpy(), predictions["prediction"].to_numpy(), labels=_CLASSES
    )
    return pd.DataFrame(
        counts.astype(np.int64),
        index=pd.Index(_CLASSES, name="label", dtype=np.int64),
        columns=[str(digit) for digit in _CLASSES],
    )
