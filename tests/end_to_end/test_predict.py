"""Predicting many images, drift and export through the `kedro` command."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mnist_growth.digits import sample_digits

SMOKE = ("run", "--env", "smoke", "--pipeline")
PREDICTIONS = "07_model_output/batch_predictions"


@pytest.fixture
def pictures(trained):
    """The test digits as images in folders, and one file that is none."""
    folder = trained.folder / "my images"
    digits = sample_digits().test
    for number, image in enumerate(digits.images):
        path = folder / f"{number % 3}" / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    (folder / "readme.txt").write_text("not an image")
    return folder


def test_a_folder_is_predicted_as_the_test_digits_are_evaluated(trained, pictures):
    result = trained.succeed(*SMOKE, "drift", "--params", "predict.folder=my images")

    folder = trained.path(PREDICTIONS)
    table = pd.read_parquet(folder / "predictions.parquet")
    evaluated = pd.read_parquet(trained.path("07_model_output/predictions.parquet")).set_index("index")
    numbers = table["name"].str.extract(r"(\d+)\.png")[0].astype(int)
    assert table["prediction"].tolist() == evaluated.loc[numbers, "prediction"].tolist()
    assert np.allclose(table["confidence"], evaluated.loc[numbers, "confidence"], atol=1e-6)
    assert pd.read_csv(folder / "predictions.csv", dtype={"name": str})["name"].tolist() == table["name"].tolist()
    assert pd.read_csv(folder / "unreadable.csv")["name"].tolist() == ["readme.txt"]
    report = pd.read_parquet(trained.path("08_reporting/drift_report.parquet"))
    assert len(report) == 6
    assert not report["alarm"].any()
    assert "Predicted 500 images of my images" in result.stdout
    assert "Skipped 1 unreadable images" in result.stdout
    assert "No drift in 1 window of at most 500 images" in result.stdout
    page = trained.path("08_reporting/drift_page.html")
    assert result.stdout.splitlines()[-1].endswith(f"Report: {page.relative_to(trained.folder)}")
    for name in ("drift_distributions_figure", "drift_windows_figure"):
        assert json.loads(trained.path(f"08_reporting/{name}.json").read_text())["data"]


def test_strict_stops_with_one_sentence_and_leaves_nothing(trained, pictures):
    before = trained.files()

    result = trained.kedro(*SMOKE, "predict", "--params", "predict.folder=my images,predict.strict=true")

    assert result.code == 1
    assert result.stderr.startswith("Error: Cannot predict readme.txt: ")
    assert result.stderr.count("\n") == 1
    assert trained.files() == before


def test_a_folder_that_is_not_there(trained):
    result = trained.kedro(*SMOKE, "predict", "--params", "predict.folder=nowhere")

    assert result.code == 1
    assert result.stderr == (
        "Error: There is no folder or file nowhere; give one with --params predict.folder=<path>\n"
    )


def test_a_network_is_exported(trained):
    trained.succeed(*SMOKE, "export")

    metrics = json.loads(trained.path("08_reporting/export_metrics.json").read_text())
    [version] = trained.versions("06_models/network.safetensors")
    assert metrics["network_version"] == version
    assert metrics["onnx"]["same_answers"] == 1
    assert metrics["onnx"]["bytes"] == trained.path("06_models/network.onnx").stat().st_size
    assert metrics["int8"]["same_answers"] > 0.98
    assert metrics["int8"]["bytes"] == trained.path("06_models/network_int8.onnx").stat().st_size
