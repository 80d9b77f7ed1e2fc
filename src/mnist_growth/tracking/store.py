"""Where runs are kept: the tracking URI, the connection to it, and the experiment."""

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

_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # its page shows runs instead of chats
_LOCK_TIMEOUT = 5  # seconds to wait for another process that writes to the database
_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # A server that does not answer must not hold up a training: give up after seconds, not minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}


def connect(project: Path) -> tuple["MlflowClient", str, str]:
    """Connect to the store and make sure that the experiment is there.

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
    is_server = uri.startswith(("http:", "https:"))
    if uri == _database_uri(database) and not database.exists():
        _make_database(database)
    if not is_server:
        _check_database(uri)

    import mlflow

    _quiet()
    client = mlflow.MlflowClient(uri)
    # A server keeps artifacts where it was told to; beside a database they need a fixed place, or they would land in
    # whatever folder the command was started in.
    artifacts = None if is_server else (project.absolute() / "mlartifacts").as_uri()
    return client, uri, _experiment(client, artifacts)


def _quiet() -> None:
    """Leave telling of errors to the tracker, in one sentence; MLflow prints migrations, retries and tracebacks."""
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        logging.getLogger("mlflow").setLevel(logging.CRITICAL)
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


def _database_uri(path: Path) -> str:
    """The path as SQLAlchemy reads it, which decodes it like an address."""
    return "sqlite:///" + path.as_posix().replace("%", "%25").replace("?", "%3F")


def _make_database(path: Path) -> None:
    """Make a database with MLflow's tables in one step.

    MLflow makes them in dozens of steps that take seconds: two processes at once would get into each other's way, and
    one that is killed would leave a database behind that can never be used again.
    """
    import mlflow

    _quiet()
    remove_abandoned(path.parent, below=False)
    with temporary_folder(path) as folder:
        temporary = folder / path.name
        client = mlflow.MlflowClient(_database_uri(temporary))
        client._tracking_client.store.engine.dispose()  # closes the file
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.link(temporary, path)


def _experiment(client: "MlflowClient", artifacts: str | None) -> str:
    """Id of the experiment, which is made if need be, perhaps by another process at the same moment."""
    from mlflow.exceptions import MlflowException

    if found := client.get_experiment_by_name(EXPERIMENT):
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(EXPERIMENT, artifact_location=artifacts, tags=_EXPERIMENT_TAGS))
    except MlflowException:
        if found := client.get_experiment_by_name(EXPERIMENT):
            return str(found.experiment_id)
        raise


def _check_database(uri: str) -> None:
    """Raise at once where a database is damaged, locked, read-only or out of reach; MLflow would try for minutes."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_LOCK_TIMEOUT * 1000}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.rollback()


@contextlib.contextmanager
def used_by_fluent_api(uri: str) -> Iterator[None]:
    """Point MLflow's process-wide state to a store for the calls that cannot be given a client."""
    import mlflow

    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # forgets the URI and the variable, as it is meant to
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before
