"""What the report adds to the results of the other pipelines, and the page itself."""

from dataclasses import asdict
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import evaluation, figures
from mnist_growth.digits import Digits
from mnist_growth.network import TrainedNetwork, layer_costs
from mnist_growth.report import ReportConfig, RunFacts, RunResults, run_report


def measure_units(
    trained: TrainedNetwork,
    growth_events: pd.DataFrame,
    test_digits: Digits,
    predictions: pd.DataFrame,
    config: ReportConfig,
) -> pd.DataFrame:
    """Return what became of the units of each growth, measured on test digits at even distances.

    Raises:
        ValueError: The predictions or the growth events are of another network.
    """
    evaluation.check_same_network(trained.network, test_digits, predictions)
    chosen = evaluation.spread_sample(predictions, config.unit_digits)["index"].to_numpy()
    return evaluation.unit_cohorts(
        trained.network, growth_events, test_digits.images[chosen], test_digits.labels[chosen], trained.epochs
    )


def measure_layers(trained: TrainedNetwork) -> pd.DataFrame:
    """Return inputs, units, parameters and multiply-adds of each layer."""
    network = trained.network
    return pd.DataFrame([asdict(cost) for cost in layer_costs(network.widths, batch_norm=network.batch_norm)])


def draw_units(unit_cohorts: pd.DataFrame, history: pd.DataFrame, provenance: str) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the units of each growth, and of what accuracy cost."""
    return (
        figures.stamp(figures.units(unit_cohorts), provenance),
        figures.stamp(figures.cost(history), provenance),
    )


def draw_png(config: ReportConfig, **drawn: go.Figure) -> dict[str, bytes]:
    """Return every figure as a PNG file, under its name in the catalog; none unless they are asked for."""
    return figures.png_files(drawn, dark=config.png == "dark") if config.png else {}


def write_report(
    test_metrics: dict[str, Any],
    class_metrics: pd.DataFrame,
    accuracy_by_part: pd.DataFrame,
    confused_pairs: pd.DataFrame,
    training_summary: dict[str, Any],
    training_history: pd.DataFrame,
    growth_events: pd.DataFrame,
    unit_cohorts: pd.DataFrame,
    layer_costs: pd.DataFrame,
    data_manifest: dict[str, Any],
    parameters: dict[str, Any],
    run_facts: RunFacts,
    **drawn: go.Figure,
) -> str:
    """Return the page; ``drawn`` are the figures by their names in the catalog."""
    results = RunResults(
        test_metrics=test_metrics,
        class_metrics=class_metrics,
        accuracy_by_part=accuracy_by_part,
        confused_pairs=confused_pairs,
        training_summary=training_summary,
        training_history=training_history,
        growth_events=growth_events,
        unit_cohorts=unit_cohorts,
        layer_costs=layer_costs,
        data_manifest=data_manifest,
        figures=drawn,
    )
    return run_report(results, parameters, run_facts)
