"""What MLflow records of `kedro run`."""

import warnings
from pathlib import Path

import pandas as pd
import pytest

from mnist_growth.digits.sample import sample_digits


@pytest.fixture
def record(mlflow, smoke_run):
    return mlflow(smoke_run.project)


@pytest.fixture
def run(record):
    [run] = record.runs()
    return run


def test_one_run_with_parameters_and_tags(smoke_run, run):
    [version] = smoke_run.project.versions("06_models/network.safetensors")
    tags = run.data.tags

    assert run.info.run_name == "training sample smoke width 64"
    assert run.info.status == "FINISHED"
    assert run.info.end_time > run.info.start_time
    assert {
        name: run.data.params[name]
        for name in ("growth.max_neurons", "training.learning_rate_schedule.schedule", "training.epochs", "warps.scale")
    } == {
        "growth.max_neurons": "64",
        "training.learning_rate_schedule.schedule": "cosine",
        "training.epochs": "4",
        "warps.scale": "0.12",
    }
    assert tags["environment"] == "smoke"
    assert tags["run_type"] == "training"
    assert tags["pipeline"] == "__default__"
    assert tags["dataset"] == tags["dataset.requested"] == "sample"
    assert tags["device"] in ("cpu", "cuda", "mps")
    assert tags["threads"] == "1"
    assert tags["git.commit"] == "none"  # the copy of the project is under no version control
    assert len(tags["dataset.fingerprint"]) == 64
    assert {name for name in tags if name.startswith("growth.")} == {"growth.epoch_0002", "growth.epoch_0003"}
    versions = {name: value for name, value in tags.items() if name.startswith("version.")}
    assert {"network", "test_metrics", "confused_pairs", "reliability_figure", "report"} <= {
        name.removeprefix("version.") for name in versions
    }
    assert set(versions.values()) == {version}
    assert {(entry.dataset.name, entry.tags[0].value) for entry in run.inputs.dataset_inputs} == {
        ("sample-train", "training"),
        ("sample-validation", "validation"),
        ("sample-test", "testing"),
    }


def test_metrics_of_every_epoch_and_of_the_test(smoke_run, record, run):
    history = pd.read_parquet(smoke_run.project.path("06_models/training_history.parquet"))

    for name in history.columns.drop(["epoch", "widths", "budget_bytes"]):
        tracked = record.history(run, name)
        assert [metric.step for metric in tracked] == [1, 2, 3, 4], name
        assert [metric.value for metric in tracked] == history[name].astype(float).tolist(), name
    assert [metric.value for metric in record.history(run, "width")] == [32, 48, 64, 64]
    assert run.data.metrics["test_accuracy"] > 0.8
    assert run.data.metrics["test_examples"] == 500


def test_reports_and_figures_are_kept(record, run):
    assert {
        "report.html",
        "test_metrics.json",
        "training_summary.json",
        "figures/unit_cohorts_figure.json",
        "figures/complexity_figure.json",
        "figures/cost_figure.json",
        "tables/unit_cohorts.csv",
        "tables/layer_costs.csv",
        "tables/memory_parts.csv",
        "figures/growth_figure.json",
        "figures/confusion_matrix_figure.json",
        "figures/warps_figure.json",
        "tables/training_history.csv",
        "tables/growth_events.csv",
        "tables/class_metrics.csv",
        "tables/confusion_matrix.csv",
        "tables/confused_pairs.csv",
        "tables/accuracy_by_part.csv",
        "tables/reliability_curve.csv",
        "figures/reliability_figure.json",
    } <= record.artifacts(run)


def test_the_model_predicts_what_was_evaluated(smoke_run, record, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where MLflow looks for a record of its own
    [model] = record.client.search_logged_models([run.info.experiment_id])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's use of its own dependencies
        import mlflow.pyfunc

        loaded = mlflow.pyfunc.load_model(model.artifact_location)
    answer = loaded.predict(sample_digits().test.images)
    predictions = pd.read_parquet(smoke_run.project.path("07_model_output/predictions.parquet"))
    requirements = Path(model.artifact_location.removeprefix("file://"), "requirements.txt").read_text()

    assert model.source_run_id == run.info.run_id
    assert loaded.metadata.signature is not None
    assert (answer["prediction"] == predictions["prediction"]).all()
    assert answer["confidence"].to_numpy() == pytest.approx(predictions["confidence"].to_numpy(), abs=1e-6)
    assert "mnist-growth" not in requirements  # it is in no package index: the model contains the code


def test_the_page_of_the_model_has_metrics_on_validation_and_test_digits(smoke_run, record, run):
    [model] = record.client.search_logged_models([run.info.experiment_id])
    shown = {metric.key: (metric.value, metric.dataset_name) for metric in model.metrics}
    history = pd.read_parquet(smoke_run.project.path("06_models/training_history.parquet"))

    assert shown["validation_accuracy"] == (history["validation_accuracy"].iloc[-1], "sample-validation")
    assert shown["validation_loss"] == (history["validation_loss"].iloc[-1], "sample-validation")
    assert shown["test_accuracy"] == (run.data.metrics["test_accuracy"], "sample-test")
    assert {metric.dataset_digest for metric in model.metrics} == {run.data.tags["dataset.fingerprint"][:36]}
    assert model.params["training.epochs"] == "4"
    assert model.tags["mlflow.note.content"].startswith("Network of kind mlp")


def test_a_training_is_not_lost_when_mlflow_cannot_be_reached(project):
    result = project.succeed(
        "run", "--env", "smoke", "--params", "training.epochs=1", env={"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    )

    lines = [line for line in result.stdout.splitlines() if "MLflow" in line]
    assert len(lines) == 2  # the second one at the end, where it is seen
    assert lines[0].startswith("MLflow cannot be used (")
    assert lines[0].endswith("): the run continues without tracking")
    assert "Test of the network on sample" in result.stdout
    assert project.path("08_reporting/test_metrics.json").is_file()
    assert project.recorded_runs() == 0
