"""Which versions a run loads and leaves behind."""

import logging
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog, Version
from kedro.pipeline import Pipeline

from mnist_growth.datasets import CheckpointsDataset, WholeVersion
from mnist_growth.machine import remove_abandoned

logger = logging.getLogger(__name__)


COMPANIONS = {"training_history": "network", "data_manifest": "test_digits", "train_digits": "test_digits"}
"""Datasets that belong to another one: ``--load-versions`` of the other one holds for them too."""


class VersionHooks:
    """Lets a run load what it has saved, nothing that another run saves meanwhile, and nothing that is not whole."""

    def __init__(self) -> None:
        self.unfinished: dict[str, WholeVersion] = {}
        self.checkpoints: CheckpointsDataset | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remove what killed runs have left half-written."""
        for folder in remove_abandoned(Path(context.project_path) / "data"):
            logger.debug("Removed %s, which a killed run had left", folder)

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
        """From here on the version is not whole."""
        dataset = self.catalog.get(dataset_name)
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
            self.unfinished[dataset_name] = WholeVersion(dataset)

    @hook_impl(tryfirst=True)  # the record, among others, reads the version
    def after_dataset_saved(self, dataset_name: str) -> None:
        """The version is whole."""
        if dataset_name in self.unfinished:
            self.unfinished[dataset_name].finish()
            del self.unfinished[dataset_name]

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Remove what was not saved to its end, for example because the disk is full."""
        for version in self.unfinished.values():
            error.add_note(f"Cannot save {version.folder.parent}")
        self._remove_unfinished()

    def interrupted(self, reason: str) -> bool:  # noqa: ARG002
        """Remove what was not saved to its end; Kedro has no hook for that.

        Returns:
            Whether this run has left a checkpoint to go on from.
        """
        self._remove_unfinished()
        return self.checkpoints is not None and self.checkpoints.has_written()

    def _remove_unfinished(self) -> None:
        for version in self.unfinished.values():
            version.discard()
        self.unfinished.clear()
