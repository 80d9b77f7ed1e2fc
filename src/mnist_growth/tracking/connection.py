"""The connection of a run to MLflow."""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_growth.credentials import without_credentials
from mnist_growth.tracking.store import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

MAX_REASON_LENGTH = 300  # characters of an error in the log


class Connection:
    """A store of MLflow, which a run and its child runs share and give up at the first error.

    Attributes:
        uri: Tracking URI of the store; empty without one.
        experiment_id: The experiment of the project's runs; empty without a store.
        failure: Why the connection was given up; empty while it is usable.
    """

    def __init__(self) -> None:
        self.uri = ""
        self.experiment_id = ""
        self.failure = ""
        self._client: MlflowClient | None = None

    @classmethod
    def open(cls, project: Path) -> "Connection":
        """Connect to the store of a project; where that fails, one warning says so.

        Args:
            project: Root folder of the project.
        """
        connection = cls()
        with connection.guard():
            connection._client, connection.uri, connection.experiment_id = connect(project)
        return connection

    @property
    def usable(self) -> bool:
        """Whether the store answers."""
        return self._client is not None

    @property
    def client(self) -> "MlflowClient":
        """The client of a usable connection."""
        assert self._client is not None
        return self._client

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Turn an error into one warning and give the connection up: a training is worth more than its record."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow's use of its own dependencies does not concern our users
            try:
                yield
            except Exception as error:
                self._client = None
                reason = without_credentials(str(getattr(error, "orig", None) or error).strip().split("\n")[0])
                self.failure = reason[:MAX_REASON_LENGTH] or type(error).__name__
                logger.warning("MLflow cannot be used (%s): the run continues without tracking", self.failure)
                logger.debug("Traceback of the tracking error", exc_info=error)
