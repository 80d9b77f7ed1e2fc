"""The report pipeline in memory: what belongs to the network is on the page, and nothing else is."""

from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import pytest
from kedro.io import DataCatalog, MemoryDataset
from shipped import run

import configured
from html_page import Page
from mnist_growth import evaluation
from mnist_growth.datasets import Results
from mnist_growth.lineage import Lineage, lineage_of, mark
from mnist_growth.network import GrowingMLP, TrainedNetwork, predict_logits
from mnist_growth.pipeline_registry import register_pipelines
from mnist_growth.pipelines.report import create_pipeline
from mnist_growth.report import RunFacts, optional_datasets, required_datasets

FIGURE = go.Figure(go.Scatter(x=[1], y=[2]), layout_title_text="A figure")


class Kept(MemoryDataset):
    """Stays when the runner has no more need of it."""

    def _release(self):
        pass


def tables(trained, digits):
    """Tables and metrics that the other pipelines give, made by their library functions."""
    predictions = evaluation.prediction_table(predict_logits(trained.network, digits.images), digits.labels)
    events = pd.DataFrame(
        {
            "epoch": [3],
            "layer": [1],
            "group": ["hidden layer 1"],
            "width_before": [8],
            "width_after": [12],
            "operator": ["zero_fan_out"],
            "trigger": ["schedule"],
            "parameters_after": [9642],
            "largest_logit_change": [1.5e-7],
            "largest_logit": [4.321],
        }
    )
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
    return {
        "test_metrics": metrics,
        "accuracy_by_part": evaluation.accuracy_by_part({"test": evaluation.Tally.of(predictions)}),
        "class_metrics": evaluation.class_metrics(predictions),
        "confused_pairs": evaluation.confused_pairs(predictions),
        "training_summary": {"epochs": 4},
        "growth_events": events,
        "training_history": pd.DataFrame(columns=list(HISTORY)),
        "unit_cohorts": pd.DataFrame(columns=list(COHORTS)),
        "layer_costs": pd.DataFrame(0, index=[0], columns=list(LAYERS)),
        "memory_parts": pd.DataFrame({"part": ["weights"], "formula": ["4 P"], "bytes": [10**6]}),
        "data_manifest": {"dataset": "sample", "fingerprint": trained.fingerprint},
    }


HISTORY = ("epoch", "widths", "parameters", "learning_rate", "train_loss", "train_accuracy")
COHORTS = ("layer", "group", "born_epoch", "age_epochs", "units", "dead_units", "variance")
LAYERS = ("layer", "name", "inputs", "outputs", "parameters", "multiply_adds", "activations")


def report(trained, given, png=None):
    """The outputs of the pipeline for results by name."""
    inputs = {
        "network": trained,
        "results": Results(DataCatalog(), register_pipelines()),
        "parameters": {"training": {"epochs": 4}},
        "run_facts": RunFacts(run={"commit": "0123abc"}, machine={}, software={"torch": "2.13.0"}, versions={}),
        "params:report": configured.report(png=png),
        **given,
    }
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in inputs.items()})
    for name in ("report", "figures_png"):
        catalog[name] = Kept(copy_mode="assign")
    run(create_pipeline(), catalog)
    return Page(catalog.load("report")), catalog.load("figures_png")


@pytest.fixture(scope="module")
def given(trained, digits):
    """The results of the network and of its digits, all of them marked."""
    figures = {name: FIGURE for name in required_datasets() if name.endswith("_figure")}
    marked = {name: mark(value, lineage_of(trained)) for name, value in {**tables(trained, digits), **figures}.items()}
    return {**marked, "warps_figure": mark(FIGURE, lineage_of(digits))}


@pytest.fixture(scope="module")
def other() -> TrainedNetwork:
    return TrainedNetwork(GrowingMLP((12, 8)).eval(), "sample", "f" * 64, epochs=4, version="2026-02-01")


def test_the_page_has_all_figures_and_the_accuracy_of_the_predictions(trained, digits, given):
    shown, png = report(trained, given)

    assert set(shown.figures) == {name for name in required_datasets() if name.endswith("_figure")}
    correct = int((predict_logits(trained.network, digits.images).argmax(axis=1) == digits.labels).sum())
    key_numbers = {row[0]: row[1] for row in shown.tables["key_numbers"]}
    assert key_numbers["test accuracy"].startswith(f"{100 * correct / 120:.2f} % (")
    assert key_numbers["mistakes"] == str(120 - correct)
    assert png == {}


def test_what_belongs_to_another_network_or_to_none_is_left_out(trained, given, other):
    foreign = {
        "class_metrics": mark(given["class_metrics"], lineage_of(other)),
        "growth_figure": mark(FIGURE, lineage_of(other)),
        "cost_figure": FIGURE,
        "warps_figure": mark(FIGURE, Lineage(fingerprint="e" * 64)),
    }

    shown, _ = report(replace(trained, version="2026-01-31"), {**given, **foreign})

    assert "class_metrics" not in shown.tables
    assert not {"growth_figure", "cost_figure", "warps_figure"} & set(shown.figures)
    digest = other.sha256[:6]
    assert {text for text in shown.paragraphs if text.startswith(("These results", "This network has"))} == {
        f"These results belong to another network ({digest}…): class_metrics. Run `kedro run --pipeline evaluate "
        "--load-versions network:2026-01-31` to make them.",
        f"These results belong to another network ({digest}…): growth_figure. Run `kedro run --pipeline train` to make "
        "them.",
        "This network has no such results yet: cost_figure. Run `kedro run --pipeline train` to make them.",
        "These results belong to another set of digits (eeeeee…): warps_figure. Run `kedro run --pipeline preprocess` "
        "to make them.",
    }
    analyse = "kedro run --pipeline analyse --load-versions network:2026-01-31"
    assert [*next(row for row in shown.tables["missing"] if row[-1] == analyse and row[0] == "Hard digits")[:3]] == [
        "Hard digits",
        "hardest_digits_figure, suspected_labels_figure",
        "This network has no such results yet",
    ]


def test_a_network_of_which_nothing_is_known_has_no_report(given, other):
    stranger = replace(other, fingerprint="e" * 64)

    with pytest.raises(ValueError, match="^There is nothing to report about the network of version 2026-02-01: run"):
        report(stranger, given)


def test_every_dataset_is_made_by_a_pipeline_and_the_required_ones_by_a_default_run():
    pipelines = register_pipelines()
    made = set().union(*(pipeline.all_outputs() for pipeline in pipelines.values()))

    assert set(required_datasets()) <= pipelines["__default__"].all_outputs()
    assert set(optional_datasets()) <= made - pipelines["__default__"].all_outputs()


def test_every_figure_of_a_default_run_is_on_the_page():
    drawn = {name for name in register_pipelines()["__default__"].all_outputs() if name.endswith("_figure")}

    assert drawn == {name for name in required_datasets() if name.endswith("_figure")}
