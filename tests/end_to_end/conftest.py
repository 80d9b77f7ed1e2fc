"""Projects to run `kedro` in."""

from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory: pytest.TempPathFactory) -> TrainedProject:
    """The one that all tests share, run by an interpreter of its own."""
    project = Project.create(tmp_path_factory.mktemp("smoke") / "project")
    result = project.fresh_process("run", "--env", "smoke")
    assert result.code == 0, result
    return TrainedProject(project, result)


@pytest.fixture
def trained(smoke_run: TrainedProject, tmp_path: Path, empty_database: Path) -> Project:
    """A copy of the project in which training has been run once."""
    return smoke_run.project.copy(tmp_path / "trained", empty_database)


@pytest.fixture(scope="session")
def analysed(smoke_run: TrainedProject, tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Project:
    """A copy of the project whose network has been analysed, with a report that says so. Not to be changed."""
    project = smoke_run.project.copy(tmp_path_factory.mktemp("analysed") / "project", empty_database)
    for pipeline in ("analyse", "report"):
        project.succeed("run", "--env", "smoke", "--pipeline", pipeline)
    return project


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
