"""The report pipeline in memory: what it measures agrees with the network, and the page says it."""

import pandas as pd
import plotly.graph_objects as go
import pytest
import torch
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

import configured
from html_page import Page
from mnist_growth import evaluation
from mnist_growth.datasets import AnalysisStore
from mnist_growth.network import GrowingMLP, predict_logits
from mnist_growth.pipelines.report import create_pipeline
from mnist_growth.pipelines.report.pipeline import FIGURES
from mnist_growth.report import RunFacts

MEASURED_HERE = {"unit_cohorts_figure", "cost_figure", "complexity_figure"}


class Kept(MemoryDataset):
    """Stays when the runner has no more need of it."""

    def _release(self):
        pass


def history():
    """Four epochs; the first layer grew before the third."""
    return pd.DataFrame(
        {
            "epoch": [1, 2, 3, 4],
            "widths": ["8-8", "8-8", "12-8", "12-8"],
            "parameters": [6466, 6466, 9642, 9642],
            "learning_rate": [2e-3, 2e-3, 1e-3, 0.0],
            "batch_size": [32] * 4,
            "micro_batch_size": [32, 32, 32, 16],
            "train_loss": [1.0, 0.8, 0.6, 0.5],
            "train_accuracy": [0.6, 0.7, 0.8, 0.9],
            "validation_loss": [0.9, 0.7, 0.6, 0.5],
            "validation_accuracy": [0.7, 0.8, 0.85, 0.9],
            "seconds": [1.0, 1.0, 2.0, 2.5],
            "images_per_second": [90.0, 90.0, 45.0, 36.0],
            "rss_bytes": [3 * 10**8] * 4,
            "peak_rss_bytes": [3 * 10**8, 4 * 10**8, 4 * 10**8, 5 * 10**8],
            "gpu_bytes": [0] * 4,
            "grew": [False, False, True, False],
            "multiply_adds": [10, 20, 40, 60],
            "budget_bytes": [9 * 10**9] * 4,
            "overhead_bytes": [2 * 10**8] * 4,
        }
    )


def events():
    """The one growth of that history."""
    return pd.DataFrame(
        {
            "epoch": [3],
            "layer": [1],
            "width_before": [8],
            "width_after": [12],
            "operator": ["zero_fan_out"],
            "trigger": ["schedule"],
            "parameters_after": [9642],
            "largest_logit_change": [1.5e-7],
            "largest_logit": [4.321],
        }
    )


def run(folder, trained, digits, predictions):
    """Outputs of the pipeline by name; what other pipelines give is made by their library functions."""
    metrics = evaluation.test_metrics(
        predictions,
        dataset="sample",
        requested_dataset="sample",
        fingerprint=trained.fingerprint,
        hidden_widths=trained.network.widths,
        parameters=trained.network.parameter_count,
        epochs=trained.epochs,
        calibration_bins=15,
    )
    inputs = {
        "network": trained,
        "test_digits": digits,
        "predictions": predictions,
        "growth_events": events(),
        "training_history": history(),
        "test_metrics": metrics,
        "class_metrics": evaluation.class_metrics(predictions),
        "accuracy_by_part": evaluation.accuracy_by_part({"test": evaluation.Tally.of(predictions)}),
        "confused_pairs": evaluation.confused_pairs(predictions),
        "data_manifest": {"dataset": "sample", "requested": "sample"},
        "analysis": AnalysisStore(folder, folder / "predictions.parquet", ["class_balance"]),
        "parameters": {"training": {"epochs": 4}},
        "run_facts": RunFacts(run={"commit": "0123abc"}, machine={}, software={"torch": "2.13.0"}, versions={}),
        "params:report": configured.report(unit_digits=50),
        **{name: go.Figure(go.Scatter(x=[1], y=[2])) for name in set(FIGURES) - MEASURED_HERE},
    }
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in inputs.items()})
    pipeline = create_pipeline()
    for name in pipeline.all_outputs():
        catalog[name] = Kept(copy_mode="assign")
    SequentialRunner().run(pipeline, catalog)
    return {name: catalog.load(name) for name in pipeline.all_outputs()}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory, trained, digits):
    predictions = evaluation.prediction_table(predict_logits(trained.network, digits.images), digits.labels)
    return run(tmp_path_factory.mktemp("analysis"), trained, digits, predictions) | {"predictions": predictions}


def test_costs_of_layers_and_parts_of_the_memory_are_the_formulas(outputs):
    layers = outputs["layer_costs"]
    assert layers["multiply_adds"].tolist() == [784 * 12, 12 * 8, 8 * 10]
    assert layers["parameters"].tolist() == [784 * 12 + 2 * 12, 12 * 8 + 2 * 8, 8 * 10 + 10]
    memory = outputs["memory_parts"].set_index("part")["bytes"]
    assert memory["measured peak"] == 5 * 10**8
    assert memory["budget"] == 9 * 10**9
    assert memory["overhead"] == 2 * 10**8
    assert memory["sum of the formula"] == memory.drop(["sum of the formula", "measured peak", "budget"]).sum()


def test_every_unit_belongs_to_the_growth_it_was_born_in(outputs):
    cohorts = outputs["unit_cohorts"].set_index(["layer", "born_epoch"])["units"]
    assert cohorts.to_dict() == {(1, 1): 8, (1, 3): 4, (2, 1): 8}


def test_the_training_is_summed_up(outputs):
    summary = outputs["training_summary"]
    assert (summary["epochs"], summary["growths"], summary["seconds"]) == (4, 1, 6.5)
    assert (summary["best_validation_accuracy"], summary["best_epoch"]) == (0.9, 4)


def test_the_page_has_all_figures_and_the_accuracy_of_the_predictions(outputs):
    shown = Page(outputs["report"])
    assert set(shown.figures) == set(FIGURES)
    right = int((outputs["predictions"]["label"] == outputs["predictions"]["prediction"]).sum())
    headline = {row[0]: row[1] for rows in shown.tables.values() for row in rows if len(row) > 1}
    assert headline["test accuracy"].startswith(f"{right / 120:.2%}"[:-1])
    assert headline["mistakes"] == str(120 - right)
    assert outputs["figures_png"] == {}


def test_predictions_of_another_network_are_refused(tmp_path, trained, digits):
    other = GrowingMLP((12, 8), generator=torch.Generator().manual_seed(4)).eval()
    predictions = evaluation.prediction_table(predict_logits(other, digits.images), digits.labels)
    with pytest.raises(ValueError, match="predictions"):
        run(tmp_path, trained, digits, predictions)
