"""Where checks, versions and tracking meet a Kedro run."""

import contextlib
import logging
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import rich
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import AbstractVersionedDataset, DataCatalog, MemoryDataset, Version
from kedro.pipeline import Pipeline

from mnist_growth.datasets import CheckpointsDataset
from mnist_growth.evaluation import summary
from mnist_growth.machine import choose_device
from mnist_growth.parameters import check_digits, check_parameters
from mnist_growth.tracking import Status, Tracker
from mnist_growth.training import EpochRecord, GrowthEvent, Monitors, TerminalMonitor

logger = logging.getLogger(__name__)


class ParameterHooks:
    """Refuses wrong parameters before anything runs."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check every parameter of the run."""
        check_parameters(context.config_loader["parameters"], pipelines)

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Check that the digits at hand are the ones that the run asks for."""
        asked_for = (run_params["runtime_params"] or {}).get("dataset")
        for name in {"train_digits", "test_digits"} & pipeline.inputs():
            if asked_for is not None:
                check_digits(catalog.load(name).dataset, catalog.load("data_manifest"), str(asked_for))


COMPANIONS = {"training_history": "network", "data_manifest": "test_digits"}
"""Datasets that describe another one: ``--load-versions`` of the other one holds for them too."""


class VersionHooks:
    """Lets a run load what it has saved, nothing that another run saves meanwhile, and nothing that is not whole."""

    def __init__(self) -> None:
        self.unfinished: set[Path] = set()
        self.checkpoints: CheckpointsDataset | None = None

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Pin the load version of every output to its save version, and of companions to what they describe."""
        load_versions = run_params["load_versions"] or {}
        for name, other in COMPANIONS.items():
            dataset = catalog.get(name) if name in pipeline.inputs() else None
            if other in load_versions and name not in load_versions and isinstance(dataset, AbstractVersionedDataset):
                dataset._version = Version(load=load_versions[other], save=dataset.resolve_save_version())
        for name in pipeline.all_outputs():
            dataset = catalog.get(name)
            if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
                saved = dataset.resolve_save_version()
                dataset._version = Version(load=saved, save=saved)
        checkpoints = catalog.get("checkpoints") if "checkpoints" in pipeline.inputs() else None
        self.checkpoints = checkpoints if isinstance(checkpoints, CheckpointsDataset) else None
        self.catalog = catalog

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Remember the folder of a version until it is whole: Kedro's datasets write where the file is to be."""
        dataset = self.catalog.get(dataset_name)
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
            self.unfinished.add(Path(dataset._get_save_path()).parent)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """The version is whole."""
        dataset = self.catalog.get(dataset_name)
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
            self.unfinished.discard(Path(dataset._get_load_path()).parent)

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Remove what was not saved to its end, for example because the disk is full."""
        for folder in self.unfinished:
            error.add_note(f"Cannot save {folder.parent}")
        self._remove_unfinished()

    def interrupted(self, reason: str) -> bool:  # noqa: ARG002
        """Remove what was not saved to its end; Kedro has no hook for that.

        Returns:
            Whether this run has left a checkpoint to go on from.
        """
        self._remove_unfinished()
        return self.checkpoints is not None and self.checkpoints.has_written()

    def _remove_unfinished(self) -> None:
        for folder in self.unfinished:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # other versions stay
                folder.parent.rmdir()
        self.unfinished.clear()


class TrackingMonitor:
    """Sends every epoch and growth of a training to the tracked run while it happens."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.run_id = tracker.run_id

    def started(self, epochs_done: int, epochs: int, batches_per_epoch: int) -> None:
        """Nothing to track yet."""

    def batch(self, batches_done: int) -> None:
        """Batches are not tracked."""

    def grew(self, event: GrowthEvent) -> None:
        """Track a growth as a tag with everything about it."""
        self.tracker.log_tags({f"growth.epoch_{event.epoch:04d}": str(asdict(event))})

    def epoch(self, record: EpochRecord) -> None:
        """Track the numbers of an epoch."""
        row = asdict(record)
        self.tracker.log_epoch({**row, "width": max(int(width) for width in record.widths.split("-"))})

    def finished(self) -> None:
        """The run ends later, with the pipeline."""


class TrackingHooks:
    """Records a run in MLflow and tells its result in the terminal."""

    def __init__(self) -> None:
        self.tracker = Tracker()
        self.project = Path.cwd()
        self.parameters: Mapping[str, Any] = {}
        self.metrics: Mapping[str, Any] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember what is to be recorded."""
        self.project = context.project_path
        self.parameters = context.config_loader["parameters"]

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Begin the record; a resumed training continues the one it began with."""
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
        dataset = self.catalog.get(dataset_name)
        if not isinstance(dataset, AbstractVersionedDataset) or not dataset._version:
            return
        self.tracker.log_tags({f"version.{dataset_name}": str(dataset.resolve_save_version())})
        if dataset_name == "data_manifest":
            self._track_digits(data)
        elif dataset_name == "network":
            self.tracker.log_network(Path(dataset._get_load_path()))
        elif dataset_name == "test_metrics":
            self.tracker.log_metrics(data, prefix="test_")
            self.tracker.log_dict(dataset_name, data)
            self.metrics = data
        elif isinstance(data, go.Figure):
            self.tracker.log_figure(dataset_name, data)
        elif isinstance(data, pd.DataFrame) and dataset_name != "predictions":
            self.tracker.log_table(dataset_name, data)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Close the record and tell the result."""
        self.tracker.end(Status.FINISHED)
        if self.metrics:
            rich.print(summary(self.metrics, self.catalog.load("predictions")))

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Close the record of a run that failed."""
        self.tracker.end(Status.FAILED, reason=" ".join(str(error).split()))

    def interrupted(self, reason: str) -> None:
        """Close the record of a run that was stopped; Kedro has no hook for that."""
        self.tracker.end(Status.KILLED, reason=reason)

    def _track_digits(self, manifest: Mapping[str, Any]) -> None:
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
