import logging
import socket
import sqlite3
import time
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

from mnist_growth.tracking import Status, Tracker
from tracked_runs import PARAMETERS, TAGS, start


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _assert_off(tracker: Tracker, caplog, cause: str) -> None:
    """The tracker has warned once, with the cause, and accepts every call."""
    tracker.log_epoch({"epoch": 1, "train_loss": 0.5})
    tracker.log_metrics({"accuracy": 1.0})
    tracker.log_tags({"a": "b"})
    tracker.log_figure("growth", go.Figure())
    tracker.log_table("table", pd.DataFrame())
    tracker.log_dict("a", {})
    tracker.log_page("a", "a")
    tracker.log_dataset("sample", "ab" * 32, {"train": 1}, "here")
    tracker.log_network(Path("nowhere.safetensors"))
    with tracker.child_run("trial", {"a": 1}) as child:
        child.log_epoch({"epoch": 1, "train_loss": 0.5})
    tracker.end(Status.FINISHED)

    assert not tracker.active
    assert not child.active
    assert child.run_id == ""
    warned = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warned) == 1, warned
    assert warned[0].startswith("MLflow cannot be used (")
    assert cause in warned[0]
    assert warned[0].endswith("): the run continues without tracking")
    assert "\n" not in warned[0]


def test_a_server_that_does_not_answer_is_reported_once_and_soon(project, monkeypatch, free_port, caplog):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{free_port}")
    begin = time.monotonic()

    tracker = Tracker.start(project, "training", PARAMETERS, TAGS)

    assert time.monotonic() - begin < 15
    assert tracker.run_id == ""
    _assert_off(tracker, caplog, f"{free_port}")
    assert "secret" not in tracker.failure + caplog.records[-1].getMessage() + caplog.messages[0]


def test_a_damaged_database_is_reported_and_left_as_it_is(project, caplog):
    (project / "mlflow.db").write_bytes(b"no database" * 1000)

    _assert_off(Tracker.start(project, "training", PARAMETERS, TAGS), caplog, "file is not a database")

    assert (project / "mlflow.db").read_bytes() == b"no database" * 1000


def test_a_database_that_another_process_has_locked_is_reported(project, monkeypatch, caplog):
    monkeypatch.setattr("mnist_growth.tracking.store._LOCK_TIMEOUT", 0)
    connection = sqlite3.connect(project / "mlflow.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        _assert_off(Tracker.start(project, "training", PARAMETERS, TAGS), caplog, "database is locked")
    finally:
        connection.close()


def test_a_store_that_fails_during_the_run_ends_the_tracking_not_the_training(project, monkeypatch, caplog):
    tracker = start(project)

    def full_disk(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tracker._client, "log_batch", full_disk)
    tracker.log_epoch({"epoch": 1, "train_loss": 0.5})

    _assert_off(tracker, caplog, "No space left on device")


def test_a_database_that_vanishes_during_the_run_is_reported(project, caplog):
    tracker = start(project)
    (project / "mlflow.db").write_bytes(b"")

    tracker.log_metrics({"accuracy": 1.0})

    _assert_off(tracker, caplog, "")


def test_an_interruption_is_not_treated_as_an_error_of_mlflow(project, monkeypatch):
    tracker = start(project)

    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(tracker._client, "log_batch", interrupt)

    with pytest.raises(KeyboardInterrupt):
        tracker.log_epoch({"epoch": 1, "train_loss": 0.5})
