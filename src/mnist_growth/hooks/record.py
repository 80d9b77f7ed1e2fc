"""The record of a run in MLflow, and its result in the terminal."""

import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline

if TYPE_CHECKING:
    from mnist_growth.tracking import Tracker

logger = logging.getLogger(__name__)

ONE_ROW_PER_DIGIT = {"predictions", "digit_style", "digit_difficulty", "nearest_training_digits"}
"""Tables that stay in the project's folder: they would fill the record, and what they come to is recorded."""


class TrackingHooks:
    """Records a run in MLflow and tells its result in the terminal.

    Every command of Kedro makes this object; what only a run needs is imported when a run begins.
    """

    def __init__(self) -> None:
        self.tracker: Tracker | None = None
        self.project = Path.cwd()
        self.parameters: Mapping[str, Any] = {}
        self.metrics: Mapping[str, Any] = {}
        self.comparison: Mapping[str, Any] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember what is to be recorded."""
        self.project = context.project_path
        self.parameters = context.config_loader["parameters"]

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Begin the record; a resumed training continues the one it began with."""
        from mnist_growth.hooks.monitor import TrackingMonitor
        from mnist_growth.machine import choose_device
        from mnist_growth.tracking import Tracker
        from mnist_growth.training import Monitors, TerminalMonitor

        device = choose_device(self.parameters.get("device", "auto"))
        names = ",".join(run_params["pipeline_names"] or ["__default__"])
        resumes = "resume_training" in {node.name for node in pipeline.nodes}
        self.tracker = Tracker.start(
            self.project,
            name=f"{names.strip('_')} {run_params['run_id']}",
            parameters=self.parameters,
            tags={
                "pipeline": names,
                "environment": run_params["env"] or "local",
                "device": device.type,
                "git.commit": git_commit(self.project),
                **{f"loaded.{name}": version for name, version in (run_params["load_versions"] or {}).items()},
            },
            run_id=catalog.load("checkpoints").latest().run_id or None if resumes else None,
        )
        monitors = Monitors([TerminalMonitor(), TrackingMonitor(self.tracker)])
        catalog["monitor"] = MemoryDataset(monitors, copy_mode="assign")
        self.catalog = catalog

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Record which digits an evaluation or a resumed training works on."""
        if dataset_name == "data_manifest":
            self._track_digits(data)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Record what was made, and in which version."""
        import pandas as pd
        import plotly.graph_objects as go

        dataset = self.catalog.get(dataset_name)
        if self.tracker is None or not isinstance(dataset, AbstractVersionedDataset) or not dataset._version:
            return
        self.tracker.log_tags({f"version.{dataset_name}": str(dataset.resolve_save_version())})
        if dataset_name == "data_manifest":
            self._track_digits(data)
            counts = [f"{data[part]['count']:,}" for part in ("train", "test")]
            logger.info(
                "digits of %s: %s to train on, %s to test on; source: %s", data["dataset"], *counts, data["source"]
            )
        elif dataset_name == "network":
            self.tracker.log_network(Path(dataset._get_load_path()))
        elif dataset_name == "test_metrics":
            self.tracker.log_metrics(data, prefix="test_")
            self.tracker.log_dict(dataset_name, data)
            self.metrics = data
        elif dataset_name == "comparison":
            self.tracker.log_metrics(data, prefix="comparison_")
            self.tracker.log_dict(dataset_name, data)
            self.comparison = data
        elif dataset_name == "training_summary":
            self.tracker.log_dict(dataset_name, data)
        elif dataset_name == "report":
            self.tracker.log_report(data)
        elif isinstance(data, go.Figure):
            self.tracker.log_figure(dataset_name, data)
        elif isinstance(data, pd.DataFrame) and dataset_name not in ONE_ROW_PER_DIGIT:
            self.tracker.log_table(dataset_name, data)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Close the record and tell the result."""
        from mnist_growth.evaluation import comparison_summary, summary

        self._end("FINISHED")
        if self.metrics:
            rich.print(summary(self.metrics, self.catalog.load("predictions")))
        if self.comparison:
            rich.print(comparison_summary(self.comparison))

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Close the record of a run that failed."""
        self._end("FAILED", reason=" ".join(str(error).split()))

    def interrupted(self, reason: str) -> None:
        """Close the record of a run that was stopped; Kedro has no hook for that."""
        self._end("KILLED", reason=reason)

    def _end(self, status: str, reason: str = "") -> None:
        """Close the record, if one was begun."""
        if self.tracker is not None:
            from mnist_growth.tracking import Status

            self.tracker.end(Status(status), **({"reason": reason} if reason else {}))

    def _track_digits(self, manifest: Mapping[str, Any]) -> None:
        if self.tracker is None:
            return
        self.tracker.log_tags(
            {
                "dataset": manifest["dataset"],
                "dataset.requested": manifest["requested"],
                "dataset.fingerprint": manifest["fingerprint"],
            }
        )
        self.tracker.log_dataset(
            manifest["dataset"],
            manifest["fingerprint"],
            {part: manifest[part]["count"] for part in ("train", "test")},
            manifest["source"],
        )


def git_commit(project: Path) -> str:
    """Commit that the project folder is at, with "+" where files have changed since; "none" without git."""
    try:
        output = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"],
            cwd=project,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "none"
    return output.stdout.strip()
