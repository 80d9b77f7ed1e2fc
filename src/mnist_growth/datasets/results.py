"""The results of a network, in whatever version of the catalog they are."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.io import AbstractVersionedDataset, DataCatalog, Version
from kedro.io.core import DatasetError, VersionNotFoundError
from kedro.pipeline import Pipeline

from mnist_growth.lineage import UNKNOWN, Lineage, lineage_of_file
from mnist_growth.network import TrainedNetwork
from mnist_growth.report import Missing


@dataclass(frozen=True)
class Found:
    """A result and the version that it was loaded from."""

    value: Any
    version: str


class Results:
    """Finds tables, figures and metrics by their lineage.

    Args:
        catalog: Has the datasets, as entries or as patterns.
        pipelines: All pipelines by name, to say which one makes a result.
    """

    def __init__(self, catalog: DataCatalog, pipelines: Mapping[str, Pipeline]) -> None:
        self._catalog = catalog
        self._pipelines = pipelines

    def find(self, name: str, trained: TrainedNetwork, *, or_source: bool = False) -> Found | Missing:
        """Load the newest undamaged version of a dataset that belongs to a network; see ``Lineage.belongs_to``."""
        for version, lineage in self._lineages(name):
            dataset = self._catalog.get(name, version=Version(load=version, save=None))
            if lineage.belongs_to(trained, or_source=or_source) and dataset is not None:
                with contextlib.suppress(DatasetError):
                    return Found(dataset.load(), version)
        return self.missing(name, trained)

    def version(self, name: str, trained: TrainedNetwork) -> str | None:
        """Return the newest version of a dataset that belongs to a network, or to the digits it was trained on."""
        return next((version for version, lineage in self._lineages(name) if lineage.belongs_to(trained)), None)

    def networks(self) -> Iterator[TrainedNetwork]:
        """Load the undamaged trained networks, the newest first."""
        for version in self.versions("network"):
            with contextlib.suppress(DatasetError):
                yield self.network(version)

    def network(self, version: str) -> TrainedNetwork:
        """Load one version of the trained network.

        Raises:
            DatasetError: There is no such version, or it is damaged.
        """
        dataset = self._catalog.get("network", version=Version(load=version, save=None))
        assert dataset is not None
        trained: TrainedNetwork = dataset.load()
        return trained

    def newest(self, name: str) -> str | None:
        """Return the newest version of a dataset, whatever network it belongs to."""
        return next(iter(self.versions(name)), None)

    def versions(self, name: str) -> list[str]:
        """Return all versions of a dataset, the newest first."""
        dataset = self._catalog.get(name)
        assert isinstance(dataset, AbstractVersionedDataset)
        with contextlib.suppress(VersionNotFoundError):
            return dataset.list_versions(full_path=False)
        return []

    def is_marked(self, name: str) -> bool:
        """Whether the files of a dataset name their network or their digits."""
        return any(lineage != UNKNOWN for _, lineage in self._lineages(name))

    def missing(self, name: str, trained: TrainedNetwork | None) -> Missing:
        """Return what stands for a result that a network does not have, or that no version has of any network."""
        owner = next((lineage for _, lineage in self._lineages(name)), UNKNOWN)
        return Missing(name, owner, self._command(name, trained), self._damaged(name))

    def _command(self, name: str, trained: TrainedNetwork | None) -> str:
        """The command that makes a dataset: for this network, if there is a pipeline that loads one."""
        makers = [maker for maker, pipeline in self._pipelines.items() if name in pipeline.all_outputs()]
        loading = [maker for maker in makers if "network" in self._pipelines[maker].inputs()]
        if not loading:
            stages = [maker for maker in makers if maker != "__default__"]
            return f"kedro run --pipeline {stages[0]}" if stages else ""
        version = f" --load-versions network:{trained.version}" if trained and trained.version else ""
        return f"kedro run --pipeline {loading[0]}{version}"

    def _damaged(self, name: str) -> str:
        """Path of the newest version of a dataset if its file is damaged; otherwise empty."""
        dataset = self._catalog.get(name)
        if not isinstance(dataset, AbstractVersionedDataset) or not dataset._version:
            return ""
        try:
            path = str(dataset._get_load_path())
        except VersionNotFoundError:
            return ""
        try:
            dataset.load()
        except DatasetError:
            return path
        return ""

    def _lineages(self, name: str) -> Iterator[tuple[str, Lineage]]:
        """Versions of a dataset, the newest first, with their lineages; damaged files are skipped."""
        dataset = self._catalog.get(name)
        if not isinstance(dataset, AbstractVersionedDataset) or not dataset._version:
            return
        paths = []
        with contextlib.suppress(VersionNotFoundError):
            paths = [Path(path) for path in dataset.list_versions()]
        for path in paths:
            with contextlib.suppress(ValueError, OSError):
                yield path.parent.name, lineage_of_file(path)
