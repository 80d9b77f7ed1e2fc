"""The store of the runs: its tracking URI, its database and the experiment."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_growth.machine import remove_abandoned, temporary_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "mnist-growth"
"""Experiment of the runs, unless MLFLOW_EXPERIMENT_NAME names another."""

_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # MLflow's page then shows runs, not chats
_DATABASES = ("sqlite:", "postgresql", "mysql", "mssql")  # URIs that MLflow passes to SQLAlchemy
_LOCK_TIMEOUT = 5  # seconds to wait for another process that writes to the database
_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # A server that does not answer must not delay a training: give up after seconds, not minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}


def connect(project: Path) -> tuple["MlflowClient", str, str]:
    """Connect to the store and create the experiment if it does not exist.

    Args:
        project: Root folder of the project.

    Returns:
        The client, the tracking URI and the experiment's id.

    Raises:
        Exception: The store cannot be reached or written to.
    """
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    database = project.absolute() / "mlflow.db"
    uri = os.environ.get("MLFLOW_TRACKING_URI") or _database_uri(database)
    is_database = uri.startswith(_DATABASES)
    if uri == _database_uri(database) and not database.exists():
        _make_database(database)
    if is_database:
        _check_database(uri)

    import mlflow

    _quiet()
    client = mlflow.MlflowClient(uri)
    # A server knows where to keep artifacts. A database does not: without a fixed place they would be written to the
    # folder in which the command was started.
    artifacts = (project.absolute() / "mlartifacts").as_uri() if is_database else None
    return client, uri, _experiment(client, artifacts)


def has_store(project: Path) -> bool:
    """Whether there is a store already; `connect` would create one."""
    return bool(os.environ.get("MLFLOW_TRACKING_URI")) or (project.absolute() / "mlflow.db").exists()


def _quiet() -> None:
    """Silence MLflow, which prints migrations, retries and tracebacks; the tracker reports errors in one sentence."""
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        logging.getLogger("mlflow").setLevel(logging.CRITICAL)
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


def _database_uri(path: Path) -> str:
    """The URI of a database file; SQLAlchemy decodes the path like that of a URL."""
    return "sqlite:///" + path.as_posix().replace("%", "%25").replace("?", "%3F")


def _make_database(path: Path) -> None:
    """Create a database with MLflow's tables in one step.

    MLflow creates them in dozens of steps that take seconds: two processes at the same time would disturb each other,
    and a killed process would leave a database that cannot be used again.
    """
    import mlflow

    _quiet()
    remove_abandoned(path.parent, below=False)
    with temporary_folder(path) as folder:
        temporary = folder / path.name
        client = mlflow.MlflowClient(_database_uri(temporary))
        client._tracking_client.store.engine.dispose()  # closes the file
        with contextlib.suppress(FileExistsError):  # created by another process in the meantime
            os.link(temporary, path)


def _experiment(client: "MlflowClient", artifacts: str | None) -> str:
    """Id of the experiment; creates it if necessary, also when another process does so at the same time."""
    from mlflow.exceptions import MlflowException

    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
    if found := client.get_experiment_by_name(name):
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name, artifact_location=artifacts, tags=_EXPERIMENT_TAGS))
    except MlflowException:
        if found := client.get_experiment_by_name(name):
            return str(found.experiment_id)
        raise


def _check_database(uri: str) -> None:
    """Raise at once if a database is damaged, locked, read-only or unreachable; MLflow would retry for minutes."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_LOCK_TIMEOUT * 1000}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.rollback()


@contextlib.contextmanager
def used_by_fluent_api(uri: str) -> Iterator[None]:
    """Point MLflow's global state to a store, for calls that do not accept a client."""
    import mlflow

    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # resets the URI and the variable; the type hint is too narrow
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before
