"""What the report adds to the results of the other pipelines, and the page itself."""

from dataclasses import asdict
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import evaluation, figures
from mnist_growth.datasets import AnalysisStore
from mnist_growth.digits import Digits
from mnist_growth.network import MemoryPart, TrainedNetwork, layer_costs, training_memory
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
    """Return inputs, units, parameters, multiply-adds and activations of each layer."""
    network = trained.network
    return pd.DataFrame([asdict(cost) for cost in layer_costs(network.widths, batch_norm=network.batch_norm)])


def measure_memory(trained: TrainedNetwork, history: pd.DataFrame) -> pd.DataFrame:
    """Return the parts of the memory that the last epoch took by the formula, their sum, the measured peak, the budget.

    Returns:
        Columns part, formula and bytes.
    """
    last = history.iloc[-1]
    on_gpu = last["gpu_bytes"] > 0
    parts = training_memory(
        [int(width) for width in last["widths"].split("-")],
        batch_norm=trained.network.batch_norm,
        images=int(last["micro_batch_size"]),
        overhead=int(last["overhead_bytes"]),
    )
    beside = [
        MemoryPart("sum of the formula", "overhead + 20 P + 4 A B", sum(part.bytes for part in parts)),
        MemoryPart(
            "measured peak", "of torch on the GPU" if on_gpu else "of the process (RSS)", _peak(history, on_gpu)
        ),
        MemoryPart("budget", "memory.budget_fraction", int(last["budget_bytes"])),
    ]
    return pd.DataFrame([asdict(part) for part in [*parts, *beside]])


def _peak(history: pd.DataFrame, on_gpu: bool) -> int:
    """Largest memory of the training, in bytes."""
    return int(history["gpu_bytes" if on_gpu else "peak_rss_bytes"].max())


def draw_complexity(layer_costs: pd.DataFrame, memory_parts: pd.DataFrame, provenance: str) -> go.Figure:
    """Return the figure of the layers' costs and of the parts of the memory."""
    return figures.stamp(figures.complexity(layer_costs, memory_parts), provenance)


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
    memory_parts: pd.DataFrame,
    data_manifest: dict[str, Any],
    predictions: pd.DataFrame,
    analysis: AnalysisStore,
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
        memory_parts=memory_parts,
        data_manifest=data_manifest,
        figures=drawn,
        analysis=analysis.of(predictions),
    )
    return run_report(results, parameters, run_facts)
