"""A tracked run from its start to its end, and its child runs."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from mnist_growth.machine import stop_reason
from mnist_growth.tracking.connection import Connection
from mnist_growth.tracking.processes import close_abandoned_runs
from mnist_growth.tracking.runs import MAX_TAG_LENGTH, open_run, set_tags

if TYPE_CHECKING:
    from mlflow import MlflowClient

_Arguments = ParamSpec("_Arguments")
_Run = TypeVar("_Run", bound="TrackedRun")

_PARENT_TAG = "mlflow.parentRunId"  # MLflow shows a run with it below its parent
_PRUNED_TAG = "pruned"


class Status(StrEnum):
    """How a run ended, in MLflow's terms."""

    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


def never_raises(
    method: Callable[Concatenate[_Run, _Arguments], None],
) -> Callable[Concatenate[_Run, _Arguments], None]:
    """Turn the first error of a method into a warning and every later call into a no-op."""

    @functools.wraps(method)
    def wrapped(self: _Run, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        if self.active:
            with self._connection.guard():
                method(self, *args, **kwargs)

    return wrapped


class TrackedRun:
    """A run in MLflow; `start` and `child_run` make one.

    No method raises because of MLflow. When the store cannot be reached or written to, one warning says so, and from
    then on neither the run nor its parent and child runs are tracked.

    Attributes:
        run_id: MLflow's id of the run; empty without one.
    """

    def __init__(self, connection: Connection | None = None) -> None:
        self.run_id = ""
        self._connection = connection or Connection()
        self._continues = False
        self._ended = False

    @classmethod
    def start(
        cls,
        project: Path,
        name: str,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str],
        run_id: str | None = None,
        requested: Mapping[str, Any] | None = None,
        below: tuple[str, str] | None = None,
    ) -> Self:
        """Start a run, or continue one.

        Runs with the status RUNNING whose process no longer exists are first marked as killed.

        Args:
            project: Root folder of the project; without the variable MLFLOW_TRACKING_URI, runs are kept in its
                `mlflow.db` and their artifacts in its `mlartifacts`.
            name: Name of a new run.
            parameters: Nested parameters, logged under flat names such as `training.learning_rate`.
            tags: Tags of the run.
            run_id: Run to continue. MLflow does not let a parameter change: a changed one is logged as the tag
                `changed.<name>`. A run that the store does not have is replaced by a new one.
            requested: Those of the parameters that a continued run is to be compared with; None: all.
            below: Name and value of a tag: MLflow shows the run below the first one that has it.
        """
        connection = Connection.open(project)
        if connection.usable:
            with connection.guard():
                close_abandoned_runs(connection.client, connection.experiment_id)
        run = cls(connection)
        if below and (parent := run._first_with(*below)):
            tags = {**tags, _PARENT_TAG: parent}
        run._open(name, parameters, tags, run_id, requested)
        return run

    @classmethod
    @contextlib.contextmanager
    def child_of(
        cls,
        project: Path,
        parent_run_id: str,
        name: str,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str] | None = None,
    ) -> Iterator[Self]:
        """Open a child run of a run that another process has started; otherwise like `child_run`.

        Start the processes with the method "spawn" or as commands: a forked process would share the database
        connection of its parent.

        Args:
            project: Root folder of the project.
            parent_run_id: Id of the parent; empty where the parent is not tracked, and then neither is the child.
            name: Name of the child run.
            parameters: Nested parameters of the child run.
            tags: Tags of the child run.
        """
        if parent_run_id:
            child = cls.start(project, name, parameters, {**(tags or {}), _PARENT_TAG: parent_run_id})
        else:
            child = cls()
        with child._ending():
            yield child

    @contextlib.contextmanager
    def child_run(
        self, name: str, parameters: Mapping[str, Any], tags: Mapping[str, str] | None = None
    ) -> Iterator[Self]:
        """Open a child run, for example for a trial of a study, and end it with the block.

        It ends as FINISHED, after an exception as FAILED and after Ctrl-C or SIGTERM as KILLED.

        Args:
            name: Name of the child run.
            parameters: Nested parameters of the child run.
            tags: Tags of the child run.
        """
        child = type(self)(self._connection)
        if self.active:
            child._open(name, parameters, {**(tags or {}), _PARENT_TAG: self.run_id})
        with child._ending():
            yield child

    @property
    def active(self) -> bool:
        """Whether the run is recorded."""
        return bool(self.run_id) and not self._ended and self._connection.usable

    @property
    def uri(self) -> str:
        """Tracking URI of the store; empty without one."""
        return self._connection.uri

    @property
    def failure(self) -> str:
        """Why the run is not tracked, or not completely; empty if it is."""
        return self._connection.failure

    @never_raises
    def log_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        set_tags(self._client, self.run_id, tags)

    def mark_pruned(self, epoch: int) -> None:
        """Record that the run was stopped early because others are more promising: as a tag, it ends as FINISHED.

        Args:
            epoch: Last epoch that was trained.
        """
        self.log_tags({_PRUNED_TAG: f"after epoch {epoch}"})

    def end(self, status: Status, reason: str = "") -> None:
        """Close the run; later calls record nothing.

        Args:
            status: How it ended.
            reason: Why, in a sentence, for the tag `ended`.
        """
        self._close(status, reason)
        self._ended = True

    def discard(self) -> None:
        """Remove a run that has not begun to work; one that continues an earlier run stays, and ends as before."""
        self._delete()
        self._ended = True

    @never_raises
    def _delete(self) -> None:
        self._client.set_terminated(self.run_id, Status.FAILED.value)
        if not self._continues:
            self._client.delete_run(self.run_id)

    @never_raises
    def _close(self, status: Status, reason: str) -> None:
        if reason:
            self._client.set_tag(self.run_id, "ended", reason[:MAX_TAG_LENGTH])
        self._client.set_terminated(self.run_id, status.value)

    def _open(
        self,
        name: str,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str],
        run_id: str | None = None,
        requested: Mapping[str, Any] | None = None,
    ) -> None:
        """Start or continue a run on a connection that is open."""
        if not self._connection.usable:
            return
        with self._connection.guard():
            self.run_id = open_run(
                self._client, self._connection.experiment_id, name, parameters, tags, run_id, requested
            )
            self._continues = self.run_id == run_id

    def _first_with(self, tag: str, value: str) -> str:
        """Id of the first run that has a value of a tag; empty if there is none."""
        found: list[str] = []
        if self._connection.usable:
            with self._connection.guard():
                runs = self._client.search_runs(
                    [self._connection.experiment_id],
                    f"tags.`{tag}` = '{value}'",
                    max_results=1,
                    order_by=["attributes.start_time ASC"],
                )
                found = [str(run.info.run_id) for run in runs]
        return next(iter(found), "")

    @contextlib.contextmanager
    def _ending(self) -> Iterator[None]:
        """End the run with a block, in the way that the block ends."""
        try:
            yield
        except KeyboardInterrupt as interruption:
            self.end(Status.KILLED, stop_reason(interruption))
            raise
        except BaseException as error:
            self.end(Status.FAILED, " ".join(str(error).split()) or type(error).__name__)
            raise
        self.end(Status.FINISHED)

    @property
    def _client(self) -> "MlflowClient":
        """The client, in methods that run only while there is one."""
        return self._connection.client
