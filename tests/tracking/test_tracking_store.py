import shutil
import sqlite3
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from mnist_growth.tracking import Status
from mnist_growth.tracking.store import _make_database
from tracked_runs import artifact, start


def test_everything_lies_in_the_project_whatever_the_working_folder(project, tmp_path):
    tracker = start(project)
    tracker.log_page("note", "hello")
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

    tracker = start(folder)
    tracker.log_page("note", "hello")

    assert artifact(tracker, "note.html").read_text() == "hello"
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

    assert start(project).uri == f"sqlite:///{other}"
