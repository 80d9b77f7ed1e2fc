"""The predictions of many images in the catalog, saved while they are made."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io import AbstractVersionedDataset
from kedro.io.core import Version

from mnist_growth.batch import BatchResults, Part, read_results, write_results
from mnist_growth.datasets.versioned_file import path_to_load


class BatchPredictionsDataset(AbstractVersionedDataset[Iterable[Part], BatchResults]):
    """A folder `<filepath>/<version>/<name>` of predictions: as parquet, as CSV, and what could not be read.

    What is saved is asked for its parts one after the other, so that it need not fit into memory; what is loaded reads
    the predictions when it is asked for them.

    Args:
        filepath: Folder of all versions.
        version: Versions to load and to save; `versioned: true` in the catalog provides it.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self, *, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self.metadata = metadata

    def load(self) -> BatchResults:
        """Return what was predicted.

        Raises:
            FileNotFoundError: Nothing has been predicted, or not in this version.
            ValueError: A file is damaged.
        """
        return read_results(path_to_load(self, "folder of predictions", pipeline="predict"))

    def save(self, data: Iterable[Part]) -> None:
        """Make and write the predictions.

        Raises:
            ValueError: As the parts raise it.
            OSError: The folder cannot be written to, or the disk is full.
        """
        write_results(Path(self._get_save_path()), data)

    def _exists(self) -> bool:
        return Path(self._get_load_path()).is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "version": self._version}
