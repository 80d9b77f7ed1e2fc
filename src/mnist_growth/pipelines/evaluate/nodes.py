"""Predictions of the test digits, their metrics, and figures."""

import logging
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth import evaluation, figures
from mnist_growth.digits import Digits, Split, names_of, requested_dataset
from mnist_growth.evaluation import EvaluationConfig, Tally
from mnist_growth.inspection import unit_cohorts
from mnist_growth.machine import release_pages
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.training import training_parts

logger = logging.getLogger(__name__)

_CHUNK = 2_000  # digits predicted at once, to limit memory
_DIGITS_PER_DIRECTION = 5  # mistakes shown for each direction of a confused pair


def predict(trained: TrainedNetwork, test_digits: Digits) -> pd.DataFrame:
    """Return the table of predictions of all test digits.

    Raises:
        ValueError: The network was trained on another set.
    """
    evaluation.check_same_set(trained.dataset, trained.fingerprint, test_digits)
    missing = sorted(set(range(len(test_digits.class_names))) - set(test_digits.labels.tolist()))
    if missing:
        logger.warning(
            "The test digits of %s contain none of class %s: its recall, precision and F1 are unknown and given as 0",
            test_digits.dataset,
            ", ".join(test_digits.class_names[label] for label in missing),
        )
    return evaluation.prediction_table(predict_logits(trained.network, test_digits.images), test_digits.labels)


def measure(
    predictions: pd.DataFrame,
    trained: TrainedNetwork,
    test_digits: Digits,
    manifest: dict[str, Any],
    config: EvaluationConfig,
) -> dict[str, Any]:
    """Return the metrics of the full test set, with a description of network and data."""
    return evaluation.test_metrics(
        predictions,
        dataset=test_digits.dataset,
        requested_dataset=requested_dataset(test_digits.dataset, manifest),
        fingerprint=test_digits.fingerprint,
        hidden_widths=trained.network.widths,
        parameters=trained.network.parameter_count,
        epochs=trained.epochs,
        calibration_bins=config.calibration_bins,
    )


def measure_parts(
    trained: TrainedNetwork, train_digits: Digits, split: Split, predictions: pd.DataFrame
) -> pd.DataFrame:
    """Return accuracy and loss on the training, the validation and the test digits, without warps.

    If the network was trained with another split, training and validation digits cannot be distinguished and share a
    row.

    Raises:
        ValueError: The training digits are of another set than the network was trained on.
    """
    evaluation.check_same_set(trained.dataset, trained.fingerprint, train_digits)
    parts = training_parts(trained, split, len(train_digits))
    tallies = {part: _tally(trained, train_digits, indices) for part, indices in parts.items()}
    return evaluation.accuracy_by_part({**tallies, "test": Tally.of(predictions)})


def _tally(trained: TrainedNetwork, digits: Digits, indices: NDArray[np.int64]) -> Tally:
    """Count correct predictions and loss of some digits, chunk by chunk."""
    total = Tally()
    for start in range(0, len(indices), _CHUNK):
        chunk = indices[start : start + _CHUNK]
        logits = predict_logits(trained.network, digits.images[chunk])
        total += Tally.of(evaluation.prediction_table(logits, digits.labels[chunk]))
        release_pages(digits.images)
    return total


def measure_classes(predictions: pd.DataFrame, trained: TrainedNetwork) -> pd.DataFrame:
    """Return precision, recall and F1 of each class."""
    return evaluation.class_metrics(predictions, trained.class_names)


def find_confused_pairs(predictions: pd.DataFrame, trained: TrainedNetwork) -> pd.DataFrame:
    """Return all pairs of classes, the most confused first."""
    return evaluation.confused_pairs(predictions, trained.class_names)


def measure_calibration(predictions: pd.DataFrame, config: EvaluationConfig) -> pd.DataFrame:
    """Return the accuracy by confidence."""
    correct = (predictions["label"] == predictions["prediction"]).to_numpy()
    return evaluation.reliability_curve(predictions["confidence"].to_numpy(), correct, config.calibration_bins)


def find_ambiguous(predictions: pd.DataFrame, config: EvaluationConfig) -> pd.DataFrame:
    """Return the digits whose two most probable classes are closest."""
    return evaluation.ambiguous_digits(predictions, config.ambiguous_digits)


def find_confident_mistakes(predictions: pd.DataFrame, config: EvaluationConfig) -> pd.DataFrame:
    """Return the most confident mistakes."""
    return evaluation.worst_mistakes(predictions, config.worst_mistakes)


def describe(trained: TrainedNetwork, test_digits: Digits, manifest: dict[str, Any]) -> str:
    """Return the subtitle of the figures: dataset, number of digits and network."""
    dataset = figures.describe_dataset(test_digits.dataset, requested_dataset(test_digits.dataset, manifest))
    return f"dataset {dataset} · {len(test_digits):,} test digits · network {_network(trained)}"


def draw_confusion_matrix(confusion_matrix: pd.DataFrame, trained: TrainedNetwork, provenance: str) -> go.Figure:
    """Return the figure of the confusion matrix."""
    return figures.stamp(figures.confusion_matrix(confusion_matrix, names_of(trained.class_names)), provenance)


def draw_reliability(curve: pd.DataFrame, provenance: str) -> go.Figure:
    """Return the figure of accuracy against confidence."""
    return figures.stamp(figures.reliability(curve), provenance)


def draw_confused_pairs(
    test_digits: Digits, predictions: pd.DataFrame, pairs: pd.DataFrame, config: EvaluationConfig, provenance: str
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the most confused pairs and of their mistakes."""
    names = names_of(test_digits.class_names)
    mistakes = evaluation.confused_digits(predictions, pairs, config.confused_pairs, _DIGITS_PER_DIRECTION)
    return (
        figures.stamp(figures.confused_pairs(pairs, names), provenance),
        figures.stamp(figures.confused_digits(test_digits.images, mistakes, names), provenance),
    )


def measure_units(
    trained: TrainedNetwork,
    growth_events: pd.DataFrame,
    test_digits: Digits,
    predictions: pd.DataFrame,
    config: EvaluationConfig,
) -> pd.DataFrame:
    """Return activity, weights and contribution of the units of each growth, on evenly spaced test digits.

    Raises:
        ValueError: The growth events are of another network.
    """
    chosen = evaluation.spread_sample(predictions, config.unit_digits)["index"].to_numpy()
    return unit_cohorts(
        trained.network, growth_events, test_digits.images[chosen], test_digits.labels[chosen], trained.epochs
    )


def draw_units(unit_cohorts: pd.DataFrame, provenance: str) -> go.Figure:
    """Return the figure of the units that each growth added."""
    return figures.stamp(figures.units(unit_cohorts), provenance)


def draw_digits(
    test_digits: Digits,
    predictions: pd.DataFrame,
    mistakes: pd.DataFrame,
    ambiguous: pd.DataFrame,
    config: EvaluationConfig,
    provenance: str,
) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Return the galleries of evenly spaced test digits, of the most confident mistakes and of ambiguous digits."""
    names = names_of(test_digits.class_names)
    sample = evaluation.spread_sample(predictions, config.sample_digits)
    return (
        figures.stamp(figures.sample_predictions(test_digits.images, sample, names), provenance),
        figures.stamp(figures.worst_mistakes(test_digits.images, mistakes, names), provenance),
        figures.stamp(figures.ambiguous_digits(test_digits.images, ambiguous, names), provenance),
    )


def _network(trained: TrainedNetwork) -> str:
    """Widths and training of a network: "512-512-512 after 18 epochs"."""
    return figures.describe_network(trained.network.widths, trained.epochs)
