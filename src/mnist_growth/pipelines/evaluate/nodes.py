"""Predictions of the test digits, what they are worth, and figures that say where they come from."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import evaluation, figures
from mnist_growth.digits.digits import Digits
from mnist_growth.evaluation import EvaluationConfig
from mnist_growth.network.file import TrainedNetwork
from mnist_growth.network.prediction import predict_logits


def predict(trained: TrainedNetwork, test_digits: Digits) -> pd.DataFrame:
    """Return the table of predictions of all test digits.

    Raises:
        ValueError: The network was trained on another set.
    """
    evaluation.check_same_set(trained.dataset, trained.fingerprint, test_digits)
    return evaluation.prediction_table(predict_logits(trained.network, test_digits.images), test_digits.labels)


def measure(
    predictions: pd.DataFrame,
    trained: TrainedNetwork,
    test_digits: Digits,
    manifest: dict[str, Any],
    config: EvaluationConfig,
) -> dict[str, Any]:
    """Return the metrics of the whole test set together with what was tested."""
    return evaluation.test_metrics(
        predictions,
        dataset=test_digits.dataset,
        requested_dataset=_requested_dataset(test_digits, manifest),
        fingerprint=test_digits.fingerprint,
        hidden_widths=trained.network.widths,
        parameters=trained.network.parameter_count,
        epochs=trained.epochs,
        calibration_bins=config.calibration_bins,
    )


def describe(trained: TrainedNetwork, test_digits: Digits, manifest: dict[str, Any]) -> str:
    """Return the line that the figures carry: which digits, how many, and which network."""
    dataset = figures.describe_dataset(test_digits.dataset, _requested_dataset(test_digits, manifest))
    return f"dataset {dataset} · {len(test_digits):,} test digits · network {_network(trained)}"


def draw_confusion_matrix(confusion_matrix: pd.DataFrame, provenance: str) -> go.Figure:
    """Return the figure of the confusion matrix."""
    return figures.stamp(figures.confusion_matrix(confusion_matrix), provenance)


def draw_history(
    history: pd.DataFrame, trained: TrainedNetwork, provenance: str
) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Return the learning curves, the growth and the memory of a training.

    An older network can be evaluated beside the newest history: the figures then say that they show another training.
    """
    last = history.iloc[-1]
    shown = f"{last['widths']} after {last['epoch']:,} epochs"
    if shown != _network(trained):
        provenance = f"of another training than the network under test ({_network(trained)}): network {shown}"
    return (
        figures.stamp(figures.learning_curves(history), provenance),
        figures.stamp(figures.growth(history), provenance),
        figures.stamp(figures.memory(history), provenance),
    )


def draw_digits(
    test_digits: Digits, predictions: pd.DataFrame, config: EvaluationConfig, provenance: str
) -> tuple[go.Figure, go.Figure]:
    """Return a sample of the test digits with their predictions, and the most confident mistakes."""
    sample = evaluation.spread_sample(predictions, config.sample_digits)
    mistakes = evaluation.worst_mistakes(predictions, config.worst_mistakes)
    return (
        figures.stamp(figures.sample_predictions(test_digits.images, sample), provenance),
        figures.stamp(figures.worst_mistakes(test_digits.images, mistakes), provenance),
    )


def _network(trained: TrainedNetwork) -> str:
    """Widths and training of a network: "512-512-512 after 18 epochs"."""
    return f"{'-'.join(map(str, trained.network.widths))} after {trained.epochs:,} epochs"


def _requested_dataset(test_digits: Digits, manifest: dict[str, Any]) -> str:
    """The set that was asked for when these digits were ingested; a manifest of other digits tells nothing."""
    return str(manifest["requested"] if manifest["dataset"] == test_digits.dataset else test_digits.dataset)
