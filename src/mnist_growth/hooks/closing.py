"""The last lines of a run: where its results are and what to do next."""

import logging
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog

logger = logging.getLogger(__name__)


class ClosingHooks:
    """Says at the end of a run where its results are, and repeats that it was not tracked."""

    def __init__(self) -> None:
        self.project = Path.cwd()
        self.saved: dict[str, Path] = {}
        self.catalog = DataCatalog()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Store the project folder."""
        self.project = context.project_path

    @hook_impl
    def before_pipeline_run(self, catalog: DataCatalog) -> None:
        """Store the catalog."""
        self.catalog = catalog

    @hook_impl(trylast=True)  # when the version is in its place
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Remember the file of a dataset."""
        dataset = self.catalog.get(dataset_name)
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
            self.saved[dataset_name] = Path(dataset._get_load_path())

    @hook_impl(trylast=True)  # after the results are shown
    def after_pipeline_run(self) -> None:
        """Show the last lines."""
        from mnist_growth.report import required_datasets

        pages = [path for path in self.saved.values() if path.suffix == ".html"]
        if pages:
            logger.info("Report: %s", ", ".join(map(self._shown, pages)))
        elif self.saved:
            folders = sorted({self._shown(path.parents[2]) for path in self.saved.values()})
            versions = {path.parent.name for path in self.saved.values()}
            logger.info("Results: %s, version %s", ", ".join(folders), ", ".join(sorted(versions)))
            if self.saved.keys() & required_datasets():
                logger.info("Next: `kedro run --pipeline report` puts them into the report")
        if "network" in self.saved and "report" in self.saved:
            logger.info("Next: `kedro serve` answers with the best network")
        tracker: Any = self.catalog.load("tracker") if "tracker" in self.catalog else None
        if tracker is not None and tracker.failure:
            logger.warning("This run is not in MLflow (%s)", tracker.failure)

    def _shown(self, path: Path) -> str:
        """A path relative to the project folder."""
        return str(path.relative_to(self.project)) if path.is_relative_to(self.project) else str(path)
