"""Tables and figures of a finished training."""

from dataclasses import asdict
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures
from mnist_growth.digits import requested_dataset
from mnist_growth.network import MemoryPart, TrainedNetwork, training_memory


def describe_training(trained: TrainedNetwork, manifest: dict[str, Any]) -> str:
    """Return the subtitle of the figures: which set of digits and which network."""
    dataset = figures.describe_dataset(trained.dataset, requested_dataset(trained.dataset, manifest))
    network = figures.describe_network(trained.network.widths, trained.epochs)
    return f"dataset {dataset} · network {network}"


def measure_layers(trained: TrainedNetwork) -> pd.DataFrame:
    """Return name, inputs, units, parameters, multiply-adds and activations of each layer."""
    return pd.DataFrame([asdict(cost) for cost in trained.network.costs()])


def measure_memory(trained: TrainedNetwork, history: pd.DataFrame) -> pd.DataFrame:
    """Return the memory of the last epoch: the parts of the formula and their sum, the measured peak and the budget.

    Returns:
        Columns part, formula and bytes.
    """
    last = history.iloc[-1]
    on_gpu = last["gpu_bytes"] > 0
    parts = training_memory(
        trained.network.costs(),
        images=int(last["micro_batch_size"]),
        overhead=int(last["overhead_bytes"]),
    )
    peak = int(history["gpu_bytes" if on_gpu else "peak_rss_bytes"].max())
    compared = [
        MemoryPart("sum of the formula", "overhead + 20 P + 4 A B", sum(part.bytes for part in parts)),
        MemoryPart("measured peak", "of torch on the GPU" if on_gpu else "of the process (RSS)", peak),
        MemoryPart("budget", "memory.budget_fraction", int(last["budget_bytes"])),
    ]
    return pd.DataFrame([asdict(part) for part in [*parts, *compared]])


def draw_complexity(layer_costs: pd.DataFrame, memory_parts: pd.DataFrame, provenance: str) -> go.Figure:
    """Return the figure of the costs of the layers and of the parts of the memory."""
    return figures.stamp(figures.complexity(layer_costs, memory_parts), provenance)


def draw_history(
    trained: TrainedNetwork, history: pd.DataFrame, provenance: str
) -> tuple[go.Figure, go.Figure, go.Figure, go.Figure]:
    """Return the figures of the learning curves, the growth, the cost and the memory of a training."""
    growths = figures.growth(history, [group.label for group in trained.network.unit_groups()])
    drawn = figures.learning_curves(history), growths, figures.cost(history), figures.memory(history)
    curves, growth, cost, memory = (figures.stamp(figure, provenance) for figure in drawn)
    return curves, growth, cost, memory
