from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from mnist_growth.lineage import UNKNOWN
from mnist_growth.network import GrowingMLP, TrainedNetwork
from mnist_growth.report import Missing, RunFacts, optional_datasets, required_datasets


@pytest.fixture
def facts() -> RunFacts:
    return RunFacts(
        run={"began": "2026-01-31T12.00.00.000Z", "commit": "0123abc"},
        machine={"processor": "a processor"},
        software={"torch": "2.13.0"},
        versions={"network": "2026-01-31T12.00.00.000Z"},
    )


@pytest.fixture
def trained() -> TrainedNetwork:
    return TrainedNetwork(GrowingMLP((12, 8)).eval(), "sample", "f" * 64, epochs=2, version="2026-01-31T12.00.00.000Z")


@pytest.fixture
def results() -> dict[str, Any]:
    """Of a small network that grew once and was not analysed; numbers that can be told apart."""
    metrics: dict[str, Any] = {
        "accuracy": 0.975,
        "accuracy_low": 0.9621,
        "accuracy_high": 0.9836,
        "error_rate": 0.025,
        "errors": 25,
        "examples": 1000,
        "loss": 0.08125,
        "top_2_accuracy": 0.991,
        "macro_f1": 0.97432,
        "expected_calibration_error": 0.0123,
        "dataset": "sample",
        "requested_dataset": "sample",
        "hidden_widths": [12, 8],
        "parameters": 9622,
        "epochs": 2,
    }
    classes = pd.DataFrame(
        {
            "digit": range(10),
            "precision": [0.9 + digit / 100 for digit in range(10)],
            "recall": [0.95] * 9 + [float("nan")],
            "f1": [0.92] * 10,
            "support": [100] * 9 + [0],
            "recall_low": [0.8] * 9 + [float("nan")],
            "recall_high": [0.99] * 9 + [float("nan")],
            "class_name": [str(digit) for digit in range(10)],
        }
    )
    parts = pd.DataFrame(
        {
            "part": ["training", "test"],
            "examples": [4000, 1000],
            "errors": [40, 25],
            "accuracy": [0.99, 0.975],
            "accuracy_low": [0.987, 0.9621],
            "accuracy_high": [0.992, 0.9836],
            "loss": [0.04, 0.08125],
        }
    )
    pairs = pd.DataFrame(
        {
            "first": [4, 0],
            "second": [9, 1],
            "first_name": ["4", "0"],
            "second_name": ["9", "1"],
            "mistakes": [3, 0],
            "rate": [0.0151, 0.0],
            "rate_low": [0.005, 0.0],
            "rate_high": [0.0434, 0.02],
            "first_as_second_rate": [0.02, 0.0],
            "second_as_first_rate": [0.01, 0.0],
        }
    )
    history = pd.DataFrame(
        {
            "epoch": [1, 2],
            "widths": ["8-8", "12-8"],
            "parameters": [6434, 9622],
            "learning_rate": [2e-3, 1e-3],
            "train_loss": [1.0, 0.5],
            "train_accuracy": [0.6, 0.9],
            "validation_loss": [0.9, 0.45],
            "validation_accuracy": [0.7, 0.92],
            "images_per_second": [1234.0, 1111.0],
            "rss_bytes": [500_000_000, 600_000_000],
        }
    )
    events = pd.DataFrame(
        {
            "epoch": [2],
            "layer": [1],
            "group": ["hidden layer 1"],
            "width_before": [8],
            "width_after": [12],
            "operator": ["zero_fan_out"],
            "trigger": ["schedule"],
            "parameters_after": [9622],
            "largest_logit_change": [1.5e-7],
            "largest_logit": [4.321],
        }
    )
    cohorts = pd.DataFrame(
        {
            "layer": [1, 1, 2],
            "group": ["hidden layer 1", "hidden layer 1", "hidden layer 2"],
            "born_epoch": [1, 2, 1],
            "age_epochs": [2, 1, 2],
            "units": [8, 4, 8],
            "dead_units": [0, 1, 0],
            "variance": [0.5, 0.25, 0.125],
            "fan_in_norm": [1.0, 2.0, 3.0],
            "fan_out_norm": [1.5, 0.5, 2.5],
            "loss_increase": [1.25, -0.001, 0.75],
            "loss_increase_per_unit": [0.15625, -0.00025, 0.09375],
        }
    )
    layers = pd.DataFrame(
        {
            "layer": [1, 2, 3],
            "name": ["hidden 1", "hidden 2", "output"],
            "inputs": [784, 12, 8],
            "outputs": [12, 8, 10],
            "parameters": [9432, 112, 90],
            "multiply_adds": [9408, 96, 80],
            "activations": [808, 16, 20],
        }
    )
    memory = pd.DataFrame(
        {
            "part": ["overhead", "measured peak", "budget"],
            "formula": ["measured before the training", "of the process (RSS)", "memory.budget_fraction"],
            "bytes": [400_000_000, 500_000_000, 9_000_000_000],
        }
    )
    figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]), layout={"title": {"text": "A <figure>"}, "height": 400})
    made = {
        "test_metrics": metrics,
        "class_metrics": classes,
        "accuracy_by_part": parts,
        "confused_pairs": pairs,
        "training_summary": {"epochs": 2, "seconds": 75.4, "multiply_adds": 12_345_678, "multiply_adds_share": 0.6712},
        "training_history": history,
        "growth_events": events,
        "unit_cohorts": cohorts,
        "layer_costs": layers,
        "memory_parts": memory,
        "data_manifest": {
            "dataset": "sample",
            "train": {"count": 3, "class_counts": {"0": 1, "1": 2}},
            "test": {"count": 4, "class_counts": {"0": 4}},
        },
    }
    drawn = {name: figure for name in required_datasets() if name.endswith("_figure")}
    missing = {name: Missing(name, UNKNOWN, "kedro run --pipeline analyse") for name in optional_datasets()}
    return {**made, **drawn, **missing}
