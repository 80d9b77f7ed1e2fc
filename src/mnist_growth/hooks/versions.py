"""The versions that a run loads and saves."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog, Version
from kedro.io.core import DatasetError, VersionNotFoundError
from kedro.pipeline import Pipeline

if TYPE_CHECKING:
    from mnist_growth.datasets import AtomicVersion, CheckpointsDataset

logger = logging.getLogger(__name__)


COMPANIONS = {
    "data_manifest": "test_digits",
    "train_digits": "test_digits",
}
"""Datasets that belong to another one: `--load-versions` for that one applies to them as well."""

OF_THE_NETWORK = {"drift_reference": "drift_reference", "novelty_detector": "novelty"}
"""Datasets of one network, and the pipelines that create them. The newest version that belongs to the network of the
run is loaded."""

PREDECESSORS = {"baseline_network": "network"}
"""Datasets that load the version before that of another one, unless `--load-versions` names a version."""


class VersionHooks:
    """Lets a run load what it has saved itself, and no version that is incomplete or saved by another run meanwhile.

    Every Kedro command creates this object, so modules that only a run needs are imported when a run begins.
    """

    def __init__(self) -> None:
        self.unfinished: dict[str, AtomicVersion] = {}
        self.checkpoints: CheckpointsDataset | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remove incomplete files that killed runs have left."""
        from mnist_growth.machine import remove_abandoned

        for folder in remove_abandoned(Path(context.project_path) / "data"):
            logger.debug("Removed %s, left by a killed run", folder)

    @hook_impl(tryfirst=True)  # before the run is recorded
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Pin the load version of every output to its save version, and of companions to that of their dataset."""
        from mnist_growth.datasets import CheckpointsDataset

        load_versions = run_params["load_versions"] or {}
        for name, other in COMPANIONS.items():
            dataset = catalog.get(name) if name in pipeline.inputs() else None
            if other in load_versions and name not in load_versions and isinstance(dataset, AbstractVersionedDataset):
                dataset._version = Version(load=load_versions[other], save=dataset.resolve_save_version())
        if "network" in pipeline.inputs():
            for name in OF_THE_NETWORK:
                if name in pipeline.inputs() and name not in load_versions:
                    _load_version_of_network(catalog, name)
        for name, other in PREDECESSORS.items():
            if name in pipeline.inputs() and name not in load_versions:
                _load_version_before(catalog.get(name), catalog.get(other))
        if not run_params.get("only_missing_outputs"):  # otherwise only outputs that the run saves
            for name in pipeline.all_outputs():
                _pin_to_this_run(catalog.get(name))
        checkpoints = catalog.get("checkpoints") if "checkpoints" in pipeline.inputs() else None
        self.checkpoints = checkpoints if isinstance(checkpoints, CheckpointsDataset) else None
        self.catalog = catalog

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Redirect the save to a temporary folder until it is complete."""
        from mnist_growth.datasets import AtomicVersion

        dataset = self.catalog.get(dataset_name)
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
            _pin_to_this_run(dataset)
            self.unfinished[dataset_name] = AtomicVersion(dataset)

    @hook_impl(tryfirst=True)  # other hooks read the version
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Move the complete version to its place."""
        if dataset_name in self.unfinished:
            self.unfinished[dataset_name].finish()
            del self.unfinished[dataset_name]

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Remove incomplete versions, for example after the disk was full."""
        for version in self.unfinished.values():
            error.add_note(f"Cannot save {version.folder.parent}")
        self._remove_unfinished()

    def interrupted(self, reason: str) -> bool:  # noqa: ARG002
        """Remove incomplete versions; Kedro has no hook for an interruption.

        Returns:
            Whether this run has saved a checkpoint to resume from.
        """
        self._remove_unfinished()
        return self.checkpoints is not None and self.checkpoints.has_written()

    def _remove_unfinished(self) -> None:
        for version in self.unfinished.values():
            version.discard()
        self.unfinished.clear()


def _pin_to_this_run(dataset: Any) -> None:
    """Let a dataset load the version that the run saves."""
    if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
        saved = dataset.resolve_save_version()
        dataset._version = Version(load=saved, save=saved)


def _load_version_of_network(catalog: DataCatalog, name: str) -> None:
    """Let a dataset load its newest version that belongs to the network of a run.

    Raises:
        FileNotFoundError: No version belongs to the network.
    """
    from mnist_growth.datasets import Results

    dataset, network = catalog.get(name), catalog.get("network")
    if not isinstance(dataset, AbstractVersionedDataset) or not isinstance(network, AbstractVersionedDataset):
        return
    try:
        trained, versions = network.load(), dataset.list_versions()
    except (DatasetError, VersionNotFoundError):
        return  # loading reports what is missing or damaged
    version = Results(catalog, pipelines={}).version(name, trained)
    if versions and version is None:
        raise FileNotFoundError(
            f"No {name.replace('_', ' ')} belongs to the network {trained.version}: create one with "
            f"`kedro run --pipeline {OF_THE_NETWORK[name]} --load-versions network:{trained.version}`"
        )
    dataset._version = Version(load=version, save=dataset.resolve_save_version())


def _load_version_before(dataset: Any, other: Any) -> None:
    """Let a dataset load the version before the one that another dataset with the same files loads.

    Raises:
        FileNotFoundError: There is no earlier version.
    """
    if not isinstance(dataset, AbstractVersionedDataset) or not isinstance(other, AbstractVersionedDataset):
        return
    try:
        versions = sorted(other.list_versions(full_path=False))
    except VersionNotFoundError:
        return  # loading reports what is missing
    requested = other._version.load if other._version else None
    loaded = requested or versions[-1]
    earlier = [version for version in versions if version < loaded]
    if not earlier and loaded in versions:
        raise FileNotFoundError(
            f"There is no version before {loaded} in {other._filepath} to compare with: train another network with "
            "`kedro run --pipeline train`, or name two versions with "
            "--load-versions network:<version>,baseline_network:<version>"
        )
    dataset._version = Version(load=(earlier or versions)[-1], save=dataset.resolve_save_version())
