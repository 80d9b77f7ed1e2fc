"""The results of a network, in whatever version of the catalog they are."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.io import AbstractVersionedDataset, DataCatalog, Version
from kedro.io.core import VersionNotFoundError
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

    def find(self, name: str, trained: TrainedNetwork) -> Found | Missing:
        """Load the newest version of a dataset that belongs to a network."""
        version = self.version(name, trained)
        if version is None:
            return self.missing(name, trained)
        dataset = self._catalog.get(name, version=Version(load=version, save=None))
        assert dataset is not None
        return Found(dataset.load(), version)

    def version(self, name: str, trained: TrainedNetwork) -> str | None:
        """Return the newest version of a dataset that belongs to a network, or to the digits it was trained on."""
        return next((version for version, lineage in self._lineages(name) if lineage.belongs_to(trained)), None)

    def missing(self, name: str, trained: TrainedNetwork | None) -> Missing:
        """Return what stands for a result that a network does not have, or that no version has of any network."""
        owner = next((lineage for _, lineage in self._lineages(name)), UNKNOWN)
        makers = [maker for maker in self._pipelines if maker != "__default__" and self._makes(maker, name)]
        command = f"kedro run --pipeline {makers[0]}" if makers else ""
        if makers and trained and trained.version and "network" in self._pipelines[makers[0]].inputs():
            command += f" --load-versions network:{trained.version}"
        return Missing(name, owner, command)

    def _makes(self, pipeline: str, name: str) -> bool:
        return name in self._pipelines[pipeline].all_outputs()

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
