"""What a pipeline saves reaches MLflow by its type, through Kedro's hooks and a real store."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import torch
import yaml
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from mnist_growth.digits import Split
from mnist_growth.hooks import TrackingHooks, VersionHooks
from mnist_growth.network import GrowingMLP, TrainedNetwork
from mnist_growth.tracking.results import MAX_TABLE_ROWS
from tracked_runs import artifact, client_of

CONF = Path(__file__).parents[2] / "conf" / "base"
VERSION = "2026-01-02T00.00.00.000Z"
REPORTING = {"metadata": {"kedro-viz": {"layer": "reporting"}}, "versioned": True}
FIGURE = go.Figure(go.Scatter(y=[1, 2]))


@pytest.fixture
def record(project):
    """Runs a pipeline that saves values under catalog entries, and one more node; gives the run's tracker."""

    def run(node=None, **outputs):
        entries = {name: entry for name, (entry, _) in outputs.items() if entry is not None}
        for name, entry in entries.items():
            entry["filepath"] = str(project / entry.get("filepath", f"{name}.file"))
        catalog = DataCatalog.from_config(entries, save_version=VERSION)
        nodes = [Node(lambda value=value: value, None, name) for name, (_, value) in outputs.items()]
        pipeline = Pipeline([*nodes, node] if node else nodes)
        hooks = TrackingHooks()
        hooks.project = project
        manager = _create_hook_manager()
        manager.register(VersionHooks())
        manager.register(hooks)
        parameters = {"pipeline_names": ["new"], "run_id": VERSION, "env": None, "load_versions": None}
        options = {"run_params": parameters, "pipeline": pipeline, "catalog": catalog}
        manager.hook.before_pipeline_run(**options)
        SequentialRunner().run(pipeline, catalog, manager)
        assert hooks.tracker.active
        manager.hook.after_pipeline_run(**options, run_result={})
        return hooks.tracker

    return run


def run_of(tracker):
    """What MLflow has of a run."""
    return client_of(tracker).get_run(tracker.run_id)


def artifacts(tracker):
    """Paths of the artifacts of a run."""
    client = client_of(tracker)
    folders = [entry.path for entry in client.list_artifacts(tracker.run_id) if entry.is_dir]
    return {entry.path for folder in ["", *folders] for entry in client.list_artifacts(tracker.run_id, folder)}


def shipped(name):
    """The entry of a dataset in the project's catalog."""
    entries = {}
    for path in CONF.glob("catalog_*.yml"):
        entries |= yaml.safe_load(path.read_text("utf-8"))
    return entries[name]


@pytest.mark.parametrize(
    ("name", "prefix"),
    [("export_metrics", "export"), ("test_metrics", "test"), ("comparison", "comparison")],
)
def test_metrics_in_the_catalog_reach_mlflow(record, name, prefix):
    values = {"torch": {"accuracy": 0.99, "errors": 3}, "examples": 300, "dataset": "sample"}

    tracker = record(**{name: (shipped(name), values)})

    assert run_of(tracker).data.metrics == {
        f"{prefix}_torch.accuracy": 0.99,
        f"{prefix}_torch.errors": 3,
        f"{prefix}_examples": 300,
    }
    assert json.loads(artifact(tracker, f"{name}.json").read_text()) == values
    assert run_of(tracker).data.tags[f"version.{name}"] == VERSION


def test_results_of_new_names_are_recorded_by_their_types(record):
    """As later pipelines produce them; nothing in src knows these names."""
    table = pd.DataFrame({"sigma": [0.1, 0.2], "accuracy": [0.9, 0.8]})

    tracker = record(
        robustness_metrics=({"type": "json.JSONDataset", **REPORTING}, {"fgsm": {"0.1": 0.9}, "clean_accuracy": 0.99}),
        best_parameters=({"type": "yaml.YAMLDataset", **REPORTING}, {"training": {"batch_size": 64}}),
        noise_levels=({"type": "pandas.ParquetDataset", **REPORTING}, table),
        loss_surface_figure=({"type": "plotly.JSONDataset", **REPORTING}, FIGURE),
        explanation=(
            {"type": "text.TextDataset", "filepath": "explanation.html", **REPORTING},
            "<html>why</html>",
        ),
    )

    assert run_of(tracker).data.metrics == {
        "robustness_fgsm.0.1": 0.9,
        "robustness_clean_accuracy": 0.99,
        "best_parameters_training.batch_size": 64,
    }
    pd.testing.assert_frame_equal(pd.read_csv(artifact(tracker, "tables/noise_levels.csv")), table)
    assert json.loads(artifact(tracker, "figures/loss_surface_figure.json").read_text())["data"]
    assert artifact(tracker, "explanation.html").read_text() == "<html>why</html>"
    assert "figures.html" not in artifacts(tracker)


def test_a_network_of_any_name_is_a_logged_model(record):
    torch.manual_seed(0)
    trained = TrainedNetwork(GrowingMLP([4]).eval(), "sample", "ab" * 32, epochs=1)
    entry = {"type": "mnist_growth.datasets.NetworkDataset", "versioned": True}

    tracker = record(pruned_network=(entry, trained))

    [output] = run_of(tracker).outputs.model_outputs
    assert client_of(tracker).get_logged_model(output.model_id).name == "pruned_network"


def test_metrics_that_name_their_network_and_digits_are_on_the_page_of_its_model(record):
    torch.manual_seed(0)
    trained = TrainedNetwork(GrowingMLP([4]).eval(), "sample", "ab" * 32, epochs=1)
    entry = {"type": "mnist_growth.datasets.NetworkDataset", "versioned": True}
    named = {"network_sha256": trained.sha256, "dataset": "sample", "fingerprint": trained.fingerprint}

    tracker = record(
        pruned_network=(entry, trained),
        test_metrics=(shipped("test_metrics"), {"accuracy": 0.9, **named}),
        training_summary=(shipped("training_summary"), {"epochs": 1, "network_sha256": trained.sha256}),
    )

    [output] = run_of(tracker).outputs.model_outputs
    [metric] = client_of(tracker).get_logged_model(output.model_id).metrics
    assert (metric.key, metric.value, metric.dataset_name) == ("test_accuracy", 0.9, "sample-test")


def test_data_and_long_tables_stay_in_the_project(record):
    table = pd.DataFrame({"index": range(3)})

    tracker = record(
        split=(shipped("split"), Split(train=np.arange(3), validation=np.arange(3, 5))),
        predictions=(shipped("predictions"), table),
        digit_style=(shipped("digit_style"), table),
        long_table=(
            {"type": "pandas.ParquetDataset", **REPORTING},
            pd.DataFrame({"index": range(MAX_TABLE_ROWS + 1)}),
        ),
        figures_png=(shipped("figures_png"), {"growth": b"png"}),
        no_values=({"type": "json.JSONDataset", **REPORTING}, {}),
    )

    assert artifacts(tracker) == set()
    assert run_of(tracker).data.metrics == {}
    names = {"split", "predictions", "digit_style", "long_table", "figures_png"}
    assert {f"version.{name}" for name in names} <= run_of(tracker).data.tags.keys()


def test_a_result_without_versions_is_recorded_and_one_in_memory_is_not(record):
    tracker = record(kept=({"type": "json.JSONDataset"}, {"a": 1}), in_memory=(None, {"b": 2}))

    assert run_of(tracker).data.metrics == {"kept_a": 1}
    assert not [tag for tag in run_of(tracker).data.tags if tag.startswith("version.")]


def test_a_node_opens_child_runs_of_the_run(record):
    def study(tracker):
        with tracker.child_run("trial", {"growth_rate": 32}) as child:
            child.log_metrics({"accuracy": 0.9})
        return child.run_id

    found = {}
    tracker = record(node=Node(lambda tracker: found.setdefault("child", study(tracker)), "tracker", "child"))

    child = client_of(tracker).get_run(found["child"])
    assert child.data.tags["mlflow.parentRunId"] == tracker.run_id
    assert child.data.metrics == {"accuracy": 0.9}
