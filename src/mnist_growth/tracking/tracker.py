"""What a tracked run keeps: metrics, figures, tables, pages, inputs and networks."""

import json
import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth.digits import IMAGE_SIDE
from mnist_growth.report import Section, page
from mnist_growth.tracking.connection import MAX_REASON_LENGTH, Connection
from mnist_growth.tracking.inputs import Measured, dataset_inputs, dataset_key
from mnist_growth.tracking.metrics import CURVES, numbers_of
from mnist_growth.tracking.registry import Candidate
from mnist_growth.tracking.repetition import repeated
from mnist_growth.tracking.run import Status, TrackedRun, never_raises
from mnist_growth.tracking.store import used_by_fluent_api

logger = logging.getLogger(__name__)

_MAX_METRICS = 1000  # MLflow's limit for one call


class Tracker(TrackedRun):
    """A run in MLflow that records what happens; `Tracker.start` makes one."""

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self._known_steps: dict[str, set[int]] = {}
        self._figures: dict[str, go.Figure] = {}
        self._models: dict[str, str] = {}
        self._model_of: dict[str, str | None] = {}
        self._has_page = False

    @never_raises
    def log_epoch(self, row: Mapping[str, Any]) -> None:
        """Log the numbers of an epoch as metrics of the step `row["epoch"]`; values that are not numbers are left out.

        A killed training repeats the epochs after its last checkpoint when it is resumed. The values that the run
        already has of these epochs stay, so every curve has one value per step.
        """
        numbers = numbers_of(row)
        step = int(numbers.pop("epoch"))
        numbers |= {CURVES[name]: value for name, value in numbers.items() if name in CURVES}
        if self._continues:
            numbers = {name: value for name, value in numbers.items() if step not in self._steps(name)}
        self._log_numbers(numbers, step)

    @never_raises
    def log_metrics(self, metrics: Mapping[str, Any], prefix: str = "", measured: Measured | None = None) -> None:
        """Log numbers that belong to the run as a whole, nested ones under dotted names; other values are left out.

        Args:
            metrics: The numbers.
            prefix: Put in front of every name.
            measured: The network and the digits that they were measured on; the page of the logged model shows them.
        """
        self._log_numbers(numbers_of(metrics, prefix), step=0, measured=measured)

    @never_raises
    def log_last_values(self, names: Iterable[str], measured: Measured) -> None:
        """Let the page of a logged model show the last values of metrics of the run.

        Args:
            names: Names of the metrics.
            measured: The network and the digits that they were measured on.
        """
        histories = (self._client.get_metric_history(self.run_id, name) for name in names)
        # The same values at the same times, of which the run keeps one.
        for last in (max(history, key=lambda value: value.step) for history in histories if history):
            self._log_numbers({last.key: last.value}, last.step, measured, last.timestamp)

    @never_raises
    def log_figure(self, name: str, figure: go.Figure) -> None:
        """Keep a figure as `figures/<name>.json`; a run without a page gets one with all figures at its end."""
        self._figures[name] = figure
        self._client.log_text(self.run_id, figure.to_json(), f"figures/{name}.json")

    @never_raises
    def log_table(self, name: str, table: pd.DataFrame) -> None:
        """Keep a table as `tables/<name>.csv`, which MLflow's page shows as a table."""
        self._client.log_text(self.run_id, table.to_csv(index=False), f"tables/{name}.csv")

    @never_raises
    def log_dict(self, name: str, content: Mapping[str, Any]) -> None:
        """Keep values as `<name>.json`."""
        self._client.log_text(self.run_id, json.dumps(content, indent=2) + "\n", f"{name}.json")

    @never_raises
    def log_page(self, name: str, html: str) -> None:
        """Keep an HTML page as `<name>.html`; a run with a page gets no `figures.html`."""
        self._client.log_text(self.run_id, html, f"{name}.html")
        self._has_page = True

    @never_raises
    def log_dataset(self, dataset: str, fingerprint: str, counts: Mapping[str, int], source: str) -> None:
        """Log the name and size of the digits as inputs of the run; the digits themselves are not stored.

        Args:
            dataset: Name of the dataset.
            fingerprint: SHA-256 (hex) of the complete dataset.
            counts: Number of images in each part, by its name: "train", "validation", "test".
            source: Where the dataset was found, as text for people.
        """
        inputs = dataset_inputs(dataset, fingerprint, counts, source)
        repeated(lambda: self._client.log_inputs(self.run_id, datasets=inputs))

    @never_raises
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
        self._model_of.clear()
        self._models[name] = log_model(self._client, self.uri, self.run_id, path, name, images)

    @never_raises
    def register_network(self, candidate: Candidate, name: str = "network") -> None:
        """Register a logged network, and make it the champion if it is better than the present one.

        A store without a model registry is no reason to stop tracking.

        Args:
            candidate: Describes the network.
            name: Name of the logged model.
        """
        from mlflow.exceptions import MlflowException

        from mnist_growth.tracking.registry import register

        try:
            with used_by_fluent_api(self.uri):  # MLflow looks the model up there
                register(self._client, self.run_id, self._models[name], candidate)
        except MlflowException as error:
            reason = " ".join(str(error).split())
            logger.warning("The network is not in MLflow's model registry (%s)", reason[:MAX_REASON_LENGTH])

    @never_raises
    def _close(self, status: Status, reason: str) -> None:
        if self._figures and not self._has_page:
            figures = page("Figures of this run", [Section("figures", "Figures", figures=self._figures)])
            self._client.log_text(self.run_id, figures, "figures.html")
        super()._close(status, reason)

    def _model_fields(self, measured: Measured) -> dict[str, str]:
        """Fields of a metric that assign it to the logged model; none if the network was not logged."""
        from mnist_growth.tracking.model import find_model

        sha256 = measured.network_sha256
        if sha256 not in self._model_of:
            self._model_of[sha256] = find_model(self._client, self._connection.experiment_id, sha256)
        model_id = self._model_of[sha256]
        if model_id is None:
            return {}
        name, digest = dataset_key(measured.dataset, measured.part, measured.fingerprint)
        return {"model_id": model_id, "dataset_name": name, "dataset_digest": digest}

    def _steps(self, metric: str) -> set[int]:
        """Steps for which the run has a value of a metric."""
        if metric not in self._known_steps:
            history = self._client.get_metric_history(self.run_id, metric)
            self._known_steps[metric] = {value.step for value in history}
        return self._known_steps[metric]

    def _log_numbers(
        self, numbers: Mapping[str, float], step: int, measured: Measured | None = None, timestamp: int | None = None
    ) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000) if timestamp is None else timestamp  # milliseconds
        model = self._model_fields(measured) if measured else {}
        metrics = [Metric(name, value, now, step, run_id=self.run_id, **model) for name, value in numbers.items()]
        for start in range(0, len(metrics), _MAX_METRICS):
            self._client.log_batch(self.run_id, metrics=metrics[start : start + _MAX_METRICS])
