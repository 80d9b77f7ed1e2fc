"""Projects to run `kedro` in."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import pytest
from kedro_project import Project, Result
from mlflow_record import Record


class TrainedProject(NamedTuple):
    """A project in which `kedro run --env smoke` has been run once, and how that ended. Not to be changed."""

    project: Project
    result: Result


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            # MLflow, which the tests read records with, uses what SQLAlchemy is going to take away.
            item.add_marker(pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"))


@pytest.fixture
def project(tmp_path: Path, empty_database: Path) -> Project:
    """A project as it is after cloning, but for an empty database: nothing has been run."""
    return Project.create(tmp_path / "project", empty_database)


def _made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Result]) -> TrainedProject:
    """Return a project that all processes of pytest-xdist share, made by the first that asks for it."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "result.json").exists():
            result = make(folder / "project")
            (folder / "result.json").write_text(json.dumps(asdict(result)))
    return TrainedProject(Project(folder / "project"), Result(**json.loads((folder / "result.json").read_text())))


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory: pytest.TempPathFactory) -> TrainedProject:
    """The one that all tests share, run by an interpreter of its own."""

    def make(folder: Path) -> Result:
        result = Project.create(folder).fresh_process("run", "--env", "smoke")
        assert result.code == 0, result
        return result

    return _made_once(tmp_path_factory, "smoke", make)


@pytest.fixture(scope="session")
def analysed(smoke_run: TrainedProject, tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Project:
    """A copy of the project whose network has been analysed, with a report that says so. Not to be changed."""

    def make(folder: Path) -> Result:
        project = smoke_run.project.copy(folder, empty_database)
        project.succeed("run", "--env", "smoke", "--pipeline", "analyse")
        return project.succeed("run", "--env", "smoke", "--pipeline", "report")

    return _made_once(tmp_path_factory, "analysed", make).project


@pytest.fixture(scope="session")
def explained(analysed: Project, tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Project:
    """A copy of that project whose network has been explained, with a report that says so. Not to be changed."""

    def make(folder: Path) -> Result:
        project = analysed.copy(folder, empty_database)
        project.succeed("run", "--env", "smoke", "--pipeline", "explain")
        return project.succeed("run", "--env", "smoke", "--pipeline", "report")

    return _made_once(tmp_path_factory, "explained", make).project


@pytest.fixture(scope="session")
def attacked(analysed: Project, tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Project:
    """A copy of that project whose network has been attacked, with a report that says so. Not to be changed."""

    def make(folder: Path) -> Result:
        project = analysed.copy(folder, empty_database)
        project.succeed("run", "--env", "smoke", "--pipeline", "robustness")
        return project.succeed("run", "--env", "smoke", "--pipeline", "report")

    return _made_once(tmp_path_factory, "attacked", make).project


@pytest.fixture
def trained(smoke_run: TrainedProject, tmp_path: Path, empty_database: Path) -> Project:
    """A copy of the project in which training has been run once."""
    return smoke_run.project.copy(tmp_path / "trained", empty_database)


@pytest.fixture
def mlflow() -> Iterator[Callable[[Project], Record]]:
    """Gives the record of a project's runs."""
    records: dict[Project, Record] = {}

    def record(project: Project) -> Record:
        if project not in records:
            records[project] = Record(project)
        return records[project]

    yield record
    for opened in records.values():
        opened.close()
