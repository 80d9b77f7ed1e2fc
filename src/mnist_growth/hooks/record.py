"""Recording a run in MLflow."""

import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import AbstractDataset, AbstractVersionedDataset, DataCatalog, MemoryDataset
from kedro.io.core import DatasetError, VersionNotFoundError
from kedro.pipeline import Pipeline

from mnist_growth.hooks.nothing_to_do import NothingToDo
from mnist_growth.nested import flatten
from mnist_growth.shown_path import with_shown_paths

if TYPE_CHECKING:
    from mnist_growth.hooks.monitor import TrackingMonitor
    from mnist_growth.network import TrainedNetwork
    from mnist_growth.tracking import Tracker
    from mnist_growth.training import Resumption

logger = logging.getLogger(__name__)

DATA_LAYERS = ("raw", "intermediate", "primary", "feature", "model_input", "model_output")
"""Layers of the catalog that hold data and no results: digits, splits, tables with one row per image."""


class TrackingHooks:
    """Records a run in MLflow.

    Every Kedro command creates this object, so modules that only a run needs are imported when a run begins.
    """

    def __init__(self) -> None:
        self.tracker: Tracker | None = None
        self.project = Path.cwd()
        self.parameters: Mapping[str, Any] = {}
        self.environment = ""
        self.trained: tuple[TrainedNetwork, str] | None = None
        self.has_worked = False
        self.monitor: TrackingMonitor | None = None
        self.validation_digits = 0

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Store the project folder and the parameters."""
        self.project = context.project_path
        self.parameters = context.config_loader["parameters"]

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Start a run; a resumed training continues its earlier run, or a new one if the number of epochs changes."""
        from mnist_growth.hooks.monitor import TrackingMonitor
        from mnist_growth.machine import choose_device
        from mnist_growth.tracking import Tracker
        from mnist_growth.training import Monitors, TerminalMonitor

        self.environment = run_params["env"] or "local"
        device = choose_device(self.parameters.get("device", "auto"))
        names = ",".join(run_params["pipeline_names"] or ["__default__"])
        resumption: Resumption | None = catalog.load("resumption") if "resumption" in catalog else None
        continued = resumption.checkpoint.run_id if resumption else ""
        # A run has one number of epochs: MLflow does not let a parameter change.
        is_new = resumption is None or resumption.extends
        parameters = self.parameters
        if resumption:
            dataset = resumption.checkpoint.header["setup"]["dataset"]
            parameters = {**parameters, **resumption.parameters, "dataset": dataset}
        network = _loaded_network(pipeline, catalog)
        self.tracker = Tracker.start(
            self.project,
            name=f"{names} of {network}" if network else _name(names, self.environment, parameters),
            parameters=with_shown_paths(parameters),
            tags={
                "pipeline": names,
                "run_type": "training" if "network" in pipeline.all_outputs() else "other",
                "environment": self.environment,
                "device": device.type,
                "git.commit": git_commit(self.project),
                **{f"loaded.{name}": version for name, version in (run_params["load_versions"] or {}).items()},
                **({"continues": continued} if is_new and continued else {}),
                **({} if network is None else {"loaded.network": network}),
                "mlflow.note.content": _description(names, self.environment, parameters, network),
            },
            below=None if network is None else ("version.network", network),
            run_id=None if is_new else continued or None,
            requested=with_shown_paths(run_params.get("runtime_params") or {}),
        )
        monitor = TrackingMonitor(self.tracker)
        if resumption and is_new:
            monitor.epochs_before(resumption.checkpoint.header["records"])
        self.monitor = monitor
        monitors = Monitors([TerminalMonitor(), monitor])
        catalog["monitor"] = MemoryDataset(monitors, copy_mode="assign")
        catalog["tracker"] = MemoryDataset(self.tracker, copy_mode="assign")  # for nodes that open child runs
        self.catalog = catalog

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Record the dataset of an evaluation or a resumed training."""
        if dataset_name == "data_manifest":
            self._track_digits(data)
        if dataset_name == "split":
            self.validation_digits = len(data.validation)

    @hook_impl
    def after_node_run(self) -> None:
        """Remember that a node has worked: the run stays, however it ends."""
        self.has_worked = True

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Record the version that was saved and, if it is a result, its content."""
        from mnist_growth.tracking import log_result

        dataset = self.catalog.get(dataset_name)
        if self.tracker is None or dataset is None or dataset._EPHEMERAL:
            return
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
            self.tracker.log_tags({f"version.{dataset_name}": str(dataset.resolve_save_version())})
        if dataset_name == "data_manifest":
            self._track_digits(data)
        if _layer(dataset) not in DATA_LAYERS:
            log_result(self.tracker, dataset_name, data, _path(dataset))
        if dataset_name == "network":
            self.trained = data, _path(dataset).parent.name
        if dataset_name == "training_history":
            self._register(float(data["validation_accuracy"].iloc[-1]))

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Close the run."""
        self._end("FINISHED")

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Close the run as failed, or discard it if its first node refused what it was given.

        Raises:
            KeyboardInterrupt: A signal caused the error: other code replaced the exception of the signal.
            NothingToDo: Another machine has the result of the training that this one took part in.
        """
        from mnist_growth.machine import raise_if_signalled
        from mnist_growth.training.distribution import NotTheMainNodeError

        raise_if_signalled()
        if isinstance(error, NotTheMainNodeError):
            self._end("FINISHED", reason=str(error))
            raise NothingToDo(str(error))
        has_worked = self.has_worked or (self.monitor is not None and self.monitor.has_started)
        if self.tracker is not None and not has_worked and _is_refusal(error):
            self.tracker.discard()
            return
        self._end("FAILED", reason=" ".join(str(error).split()))

    def interrupted(self, reason: str) -> None:
        """Close the run as killed; Kedro has no hook for an interruption."""
        self._end("KILLED", reason=reason)

    def _end(self, status: str, reason: str = "") -> None:
        """Close the run, if one was started."""
        if self.tracker is not None:
            from mnist_growth.tracking import Status

            self.tracker.end(Status(status), **({"reason": reason} if reason else {}))

    def _register(self, validation_accuracy: float) -> None:
        """Register the network that was saved, and give it its metrics on the validation digits."""
        from mnist_growth.tracking import Candidate, Measured

        if self.tracker is None or self.trained is None:
            return
        trained, version = self.trained
        counts, source = {"validation": self.validation_digits}, "a part of the training digits"
        self.tracker.log_dataset(trained.dataset, trained.fingerprint, counts, source)
        measured = Measured(trained.sha256, trained.dataset, trained.fingerprint, "validation")
        self.tracker.log_last_values(("validation_accuracy", "validation_loss"), measured)
        self.tracker.register_network(
            Candidate(
                version=version,
                sha256=trained.sha256,
                dataset=trained.dataset,
                fingerprint=trained.fingerprint,
                environment=self.environment,
                validation_accuracy=validation_accuracy,
            )
        )

    def _track_digits(self, manifest: Mapping[str, Any]) -> None:
        if self.tracker is None:
            return
        from mnist_growth.digits import describe_preparation

        self.tracker.log_tags(
            {
                "dataset": manifest["dataset"],
                "dataset.requested": manifest["requested"],
                "dataset.fingerprint": manifest["fingerprint"],
                "dataset.preparation": describe_preparation(manifest),
            }
        )
        self.tracker.log_dataset(
            manifest["dataset"],
            manifest["fingerprint"],
            {part: manifest[part]["count"] for part in ("train", "test")},
            manifest["source"],
        )


def _is_refusal(error: BaseException) -> bool:
    """Whether an error says that a node cannot work with its inputs, rather than that its work failed."""
    while isinstance(error, DatasetError) and error.__cause__ is not None:
        error = error.__cause__
    return isinstance(error, ValueError | FileNotFoundError | DatasetError)


def _loaded_network(pipeline: Pipeline, catalog: DataCatalog) -> str | None:
    """Version of the network that a run loads; None if it loads none."""
    dataset = catalog.get("network") if "network" in pipeline.inputs() else None
    if not isinstance(dataset, AbstractVersionedDataset) or not dataset._version:
        return None
    try:
        return str(dataset.resolve_load_version())
    except VersionNotFoundError:
        return None


def _name(pipelines: str, environment: str, parameters: Mapping[str, Any]) -> str:
    """Name of a run: what it does, on which digits, in which environment, and how wide the network becomes."""
    what = "training" if pipelines in ("__default__", "train") else pipelines
    width = flatten(parameters).get("growth.max_neurons", "")
    return " ".join(filter(None, (what, str(parameters.get("dataset", "")), environment, f"width {width}")))


def _description(pipelines: str, environment: str, parameters: Mapping[str, Any], network: str | None) -> str:
    """Description of a run, in Markdown."""
    if network is not None:
        return f"`kedro run --pipeline {pipelines}` with network {network}"
    values = flatten(parameters)
    first, last = (values.get(f"growth.{name}", "?") for name in ("initial_neurons", "max_neurons"))
    return (
        f"Network of {first} to {last} neurons per group of units, {values.get('training.epochs', '?')} epochs, data "
        f"set {parameters.get('dataset', '?')}, environment {environment}"
    )


def _layer(dataset: AbstractDataset[Any, Any]) -> str:
    """Layer of the catalog that a dataset belongs to; empty where the catalog names none."""
    metadata = getattr(dataset, "metadata", None) or {}
    return str(metadata.get("kedro-viz", {}).get("layer", ""))


def _path(dataset: AbstractDataset[Any, Any]) -> Path:
    """The file that a dataset was saved to."""
    if isinstance(dataset, AbstractVersionedDataset):
        return Path(dataset._get_load_path())
    return Path(getattr(dataset, "_filepath", ""))


def git_commit(project: Path) -> str:
    """Return the commit of the project folder, with "+" if files have changed since; "none" without git."""
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
