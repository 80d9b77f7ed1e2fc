"""Two networks on the same test digits: which is better, by how much, and on which digits they differ."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import evaluation, figures
from mnist_growth.digits import Digits
from mnist_growth.evaluation import EvaluationConfig
from mnist_growth.network import TrainedNetwork, predict_logits


def predict_both(
    trained: TrainedNetwork, baseline: TrainedNetwork, test_digits: Digits
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of predictions of both networks.

    Raises:
        ValueError: A network was trained on another set.
    """
    for network, name in ((trained, "network"), (baseline, "baseline_network")):
        evaluation.check_same_set(network.dataset, network.fingerprint, test_digits, name)
    ours, theirs = (
        evaluation.prediction_table(predict_logits(network.network, test_digits.images), test_digits.labels)
        for network in (trained, baseline)
    )
    return ours, theirs


def measure_difference(
    predictions: pd.DataFrame,
    baseline_predictions: pd.DataFrame,
    trained: TrainedNetwork,
    baseline: TrainedNetwork,
    test_digits: Digits,
) -> dict[str, Any]:
    """Return the numbers of the comparison together with what was compared."""
    return {
        **evaluation.compare(predictions, baseline_predictions),
        "network": _name(trained),
        "baseline_network": _name(baseline),
        "dataset": test_digits.dataset,
        "fingerprint": test_digits.fingerprint,
    }


def draw_comparison(
    by_class: pd.DataFrame,
    differences: pd.DataFrame,
    test_digits: Digits,
    comparison: dict[str, Any],
    config: EvaluationConfig,
) -> tuple[go.Figure, go.Figure]:
    """Return by how much the networks differ, and the digits on which they do."""
    provenance = (
        f"dataset {comparison['dataset']} · {comparison['examples']:,} test digits<br>network "
        f"{comparison['network']}<br>baseline {comparison['baseline_network']}"
    )
    shown = differences.head(config.worst_mistakes)
    return (
        figures.stamp(figures.comparison(by_class), provenance),
        figures.stamp(figures.disagreements(test_digits.images, shown), provenance),
    )


def _name(trained: TrainedNetwork) -> str:
    """Widths, training and version of a network."""
    network = figures.describe_network(trained.network.widths, trained.epochs)
    return f"{network}, version {trained.version or 'unknown'}"
