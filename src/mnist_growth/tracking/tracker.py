"""One tracked run."""

import contextlib
import functools
import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth.digits import IMAGE_SIDE
from mnist_growth.report import Section, page
from mnist_growth.tracking.inputs import dataset_inputs
from mnist_growth.tracking.metrics import numbers_of
from mnist_growth.tracking.runs import LONGEST_TAG, open_run, set_tags
from mnist_growth.tracking.store import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

_MAX_METRICS = 1000  # MLflow's limit for one call

_Arguments = ParamSpec("_Arguments")


class Status(StrEnum):
    """How a run ended, in MLflow's words."""

    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


def _never_raises(
    method: Callable[Concatenate["Tracker", _Arguments], None],
) -> Callable[Concatenate["Tracker", _Arguments], None]:
    """Turn the first error of a tracker's method into a warning, and every later call into nothing."""

    def wrapped(self: "Tracker", /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        if self.active:
            with self._giving_up_on_error():
                method(self, *args, **kwargs)

    functools.update_wrapper(wrapped, method)
    return wrapped


class Tracker:
    """A run in MLflow that is told what happens; made with `Tracker.start`.

    No method raises because of MLflow. When the store cannot be reached or written to, one warning says so, and from
    then on nothing is tracked.

    Attributes:
        run_id: MLflow's id of the run; empty without one.
        uri: Tracking URI of the store; empty without one.
    """

    def __init__(self) -> None:
        self.run_id = ""
        self.uri = ""
        self._client: MlflowClient | None = None
        self._continues = False
        self._known_steps: dict[str, set[int]] = {}
        self._figures: dict[str, go.Figure] = {}
        self._has_page = False

    @classmethod
    def start(
        cls,
        project: Path,
        name: str,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str],
        run_id: str | None = None,
    ) -> Self:
        """Begin a run, or continue one.

        Runs that say RUNNING though their process is gone are first marked as killed.

        Args:
            project: Root folder of the project; without the variable MLFLOW_TRACKING_URI, runs are kept in its
                `mlflow.db` and their artifacts in its `mlartifacts`.
            name: Name of a new run.
            parameters: Nested parameters, logged under flat names such as `training.learning_rate`.
            tags: Tags of the run.
            run_id: Run to continue. MLflow does not let a parameter change: a changed one is logged as the tag
                `changed.<name>`. A run that the store does not have is replaced by a new one.
        """
        tracker = cls()
        with tracker._giving_up_on_error():
            client, uri, experiment_id = connect(project)
            tracker.run_id = open_run(client, experiment_id, name, parameters, tags, run_id)
            tracker.uri, tracker._client = uri, client
            tracker._continues = tracker.run_id == run_id
        return tracker

    @property
    def active(self) -> bool:
        """Whether what the tracker is told is recorded."""
        return self._client is not None

    @_never_raises
    def log_epoch(self, row: Mapping[str, Any]) -> None:
        """Log the numbers of an epoch at once, as metrics of the step `row["epoch"]`; what is no number is left out.

        A killed training trains the epochs after its last checkpoint once more when it goes on. What the continued run
        has of them stands: every curve has one value for each step.
        """
        numbers = numbers_of(row)
        step = int(numbers.pop("epoch"))
        if self._continues:
            numbers = {name: value for name, value in numbers.items() if step not in self._steps(name)}
        self._log_numbers(numbers, step)

    @_never_raises
    def log_metrics(self, metrics: Mapping[str, Any], prefix: str = "") -> None:
        """Log numbers that belong to the run as a whole, nested ones under dotted names; other values are left out."""
        self._log_numbers(numbers_of(metrics, prefix), step=0)

    @_never_raises
    def log_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        set_tags(self._connected, self.run_id, tags)

    @_never_raises
    def log_figure(self, name: str, figure: go.Figure) -> None:
        """Keep a figure as `figures/<name>.json`; a run without a page gets one with all figures at its end."""
        self._figures[name] = figure
        self._connected.log_text(self.run_id, figure.to_json(), f"figures/{name}.json")

    @_never_raises
    def log_table(self, name: str, table: pd.DataFrame) -> None:
        """Keep a table as `tables/<name>.csv`, which MLflow's page shows as a table."""
        self._connected.log_text(self.run_id, table.to_csv(index=False), f"tables/{name}.csv")

    @_never_raises
    def log_dict(self, name: str, content: Mapping[str, Any]) -> None:
        """Keep values as `<name>.json`."""
        self._connected.log_text(self.run_id, json.dumps(content, indent=2) + "\n", f"{name}.json")

    @_never_raises
    def log_page(self, name: str, html: str) -> None:
        """Keep an HTML page as `<name>.html`; a run with a page gets no `figures.html`."""
        self._connected.log_text(self.run_id, html, f"{name}.html")
        self._has_page = True

    @_never_raises
    def log_dataset(self, dataset: str, fingerprint: str, counts: Mapping[str, int], source: str) -> None:
        """Name the digits that the run works on as inputs of the run; they themselves are not stored.

        Args:
            dataset: Name of the set.
            fingerprint: SHA-256 (hex) of the whole set.
            counts: Number of images of each part, by its name: "train", "validation", "test".
            source: Where the set was found, for a reader.
        """
        inputs = dataset_inputs(dataset, fingerprint, counts, source)
        self._connected.log_inputs(self.run_id, datasets=inputs)

    @_never_raises
    def log_network(self, path: Path, name: str = "network", example: NDArray[np.uint8] | None = None) -> None:
        """Log a trained network as a model that `mlflow.pyfunc.load_model` loads.

        Args:
            path: The network's safetensors file.
            name: Name of the model.
            example: Images to store as an example of the input, uint8 [N, 28, 28]; one blank image by default.
        """
        from mnist_growth.tracking.model import log_model

        blank = np.zeros((1, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
        images = blank if example is None else example
        log_model(self._connected, self.uri, self.run_id, path, name, images)

    def end(self, status: Status, reason: str = "") -> None:
        """Close the run; what comes later is not recorded.

        Args:
            status: How it ended.
            reason: Why, in a sentence, for the tag `ended`.
        """
        self._close(status, reason)
        self._client = None

    @_never_raises
    def _close(self, status: Status, reason: str) -> None:
        if self._figures and not self._has_page:
            figures = page("Figures of this run", [Section("figures", "Figures", figures=self._figures)])
            self._connected.log_text(self.run_id, figures, "figures.html")
        if reason:
            self._connected.set_tag(self.run_id, "ended", reason[:LONGEST_TAG])
        self._connected.set_terminated(self.run_id, status.value)

    @property
    def _connected(self) -> "MlflowClient":
        """The client, in methods that run only while there is one."""
        assert self._client is not None
        return self._client

    def _steps(self, metric: str) -> set[int]:
        """Steps of which the run has a value of a metric."""
        if metric not in self._known_steps:
            history = self._connected.get_metric_history(self.run_id, metric)
            self._known_steps[metric] = {value.step for value in history}
        return self._known_steps[metric]

    def _log_numbers(self, numbers: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)  # milliseconds
        metrics = [Metric(name, value, now, step) for name, value in numbers.items()]
        for start in range(0, len(metrics), _MAX_METRICS):
            self._connected.log_batch(self.run_id, metrics=metrics[start : start + _MAX_METRICS])

    @contextlib.contextmanager
    def _giving_up_on_error(self) -> Iterator[None]:
        """Say once why nothing more is tracked, whatever the error: a training is worth more than its record."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow's use of its own dependencies is not for our readers
            try:
                yield
            except Exception as error:
                self._client = None
                reason = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
                logger.warning(
                    "MLflow cannot be used (%s): the run goes on without tracking", reason[:300] or type(error).__name__
                )
                logger.debug("Traceback of the tracking error", exc_info=error)
