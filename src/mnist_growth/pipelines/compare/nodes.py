"""Comparison of two networks on the same test digits."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import evaluation, figures
from mnist_growth.digits import Digits, names_of
from mnist_growth.evaluation import EvaluationConfig
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.report import RunFacts, comparison_report


def predict_network(trained: TrainedNetwork, test_digits: Digits) -> pd.DataFrame:
    """Return the table of predictions of the network.

    Raises:
        ValueError: The network was trained on another set.
    """
    return _predict(trained, test_digits, "network")


def predict_baseline(baseline: TrainedNetwork, test_digits: Digits) -> pd.DataFrame:
    """Return the table of predictions of the network that it is compared with.

    Raises:
        ValueError: The baseline was trained on another set.
    """
    return _predict(baseline, test_digits, "baseline_network")


def _predict(trained: TrainedNetwork, test_digits: Digits, entry: str) -> pd.DataFrame:
    evaluation.check_same_set(trained.dataset, trained.fingerprint, test_digits, entry)
    return evaluation.prediction_table(predict_logits(trained.network, test_digits.images), test_digits.labels)


def measure_difference(
    predictions: pd.DataFrame,
    baseline_predictions: pd.DataFrame,
    trained: TrainedNetwork,
    baseline: TrainedNetwork,
    test_digits: Digits,
) -> dict[str, Any]:
    """Return the results of the comparison, with a description of the networks and the data."""
    return {
        **evaluation.compare(predictions, baseline_predictions),
        "network": _name(trained),
        "baseline_network": _name(baseline),
        "baseline_network_sha256": baseline.sha256,
        "dataset": test_digits.dataset,
        "fingerprint": test_digits.fingerprint,
    }


def compare_classes(predictions: pd.DataFrame, baseline_predictions: pd.DataFrame, test_digits: Digits) -> pd.DataFrame:
    """Return the comparison for all digits and for each class."""
    return evaluation.comparison_by_class(predictions, baseline_predictions, test_digits.class_names)


def draw_comparison(
    by_class: pd.DataFrame,
    differences: pd.DataFrame,
    test_digits: Digits,
    comparison: dict[str, Any],
    config: EvaluationConfig,
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the differences and of the digits that are classified differently."""
    provenance = (
        f"dataset {comparison['dataset']} · {comparison['examples']:,} test digits<br>network "
        f"{comparison['network']}<br>baseline {comparison['baseline_network']}"
    )
    shown = differences.head(config.worst_mistakes)
    return (
        figures.stamp(figures.comparison(by_class), provenance),
        figures.stamp(figures.disagreements(test_digits.images, shown, names_of(test_digits.class_names)), provenance),
    )


def write_page(trained: TrainedNetwork, parameters: dict[str, Any], run_facts: RunFacts, **results: Any) -> str:
    """Return the page about the comparison.

    Args:
        trained: The network.
        parameters: Parameters of the run.
        run_facts: Other facts about the run.
        results: Tables, metrics and figures of the comparison by their names in the catalog.
    """
    return comparison_report(trained, results, parameters, run_facts)


def _name(trained: TrainedNetwork) -> str:
    """Widths, training and version of a network."""
    network = figures.describe_network(trained.network.widths, trained.epochs)
    return f"{network}, version {trained.version or 'unknown'}"
