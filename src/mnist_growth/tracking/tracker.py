"""What a tracked run keeps: metrics, figures, tables, pages, inputs and networks."""

import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_growth.digits import IMAGE_SIDE
from mnist_growth.report import Section, page
from mnist_growth.tracking.connection import MAX_REASON_LENGTH, Connection
from mnist_growth.tracking.inputs import dataset_inputs
from mnist_growth.tracking.metrics import numbers_of
from mnist_growth.tracking.registry import Candidate
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
        self._has_page = False

    @never_raises
    def log_epoch(self, row: Mapping[str, Any]) -> None:
        """Log the numbers of an epoch as metrics of the step `row["epoch"]`; values that are not numbers are left out.

        A killed training repeats the epochs after its last checkpoint when it is resumed. The values that the run
        already has of these epochs stay, so every curve has one value per step.
        """
        numbers = numbers_of(row)
        step = int(numbers.pop("epoch"))
        if self._continues:
            numbers = {name: value for name, value in numbers.items() if step not in self._steps(name)}
        self._log_numbers(numbers, step)

    @never_raises
    def log_metrics(self, metrics: Mapping[str, Any], prefix: str = "") -> None:
        """Log numbers that belong to the run as a whole, nested ones under dotted names; other values are left out."""
        self._log_numbers(numbers_of(metrics, prefix), step=0)

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
        self._client.log_inputs(self.run_id, datasets=inputs)

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

    def _steps(self, metric: str) -> set[int]:
        """Steps for which the run has a value of a metric."""
        if metric not in self._known_steps:
            history = self._client.get_metric_history(self.run_id, metric)
            self._known_steps[metric] = {value.step for value in history}
        return self._known_steps[metric]

    def _log_numbers(self, numbers: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)  # milliseconds
        metrics = [Metric(name, value, now, step) for name, value in numbers.items()]
        for start in range(0, len(metrics), _MAX_METRICS):
            self._client.log_batch(self.run_id, metrics=metrics[start : start + _MAX_METRICS])
