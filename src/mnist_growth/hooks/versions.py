"""Which versions a run loads and leaves behind."""

import contextlib
import logging
import shutil
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog, Version
from kedro.pipeline import Pipeline

from mnist_growth.datasets import CheckpointsDataset

logger = logging.getLogger(__name__)


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
