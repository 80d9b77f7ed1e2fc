"""The predictions of many images in the catalog, saved while they are computed."""

from collections.abc import Iterable
from pathlib import Path

from mnist_growth.batch import BatchResults, Part, read_results, write_results
from mnist_growth.datasets.versioned_file import VersionedFileDataset, path_to_load


class BatchPredictionsDataset(VersionedFileDataset[Iterable[Part], BatchResults]):
    """A folder of predictions: as Parquet, as CSV, and the images that could not be read.

    Parts are written one after the other while they are computed, so they need not fit into memory together; the
    loaded object reads the predictions on demand.
    """

    def load(self) -> BatchResults:
        """Return the predictions.

        Raises:
            FileNotFoundError: There are no predictions, or not the requested version.
            ValueError: A file is damaged.
        """
        return read_results(path_to_load(self, "folder of predictions", pipeline="predict"))

    def save(self, data: Iterable[Part]) -> None:
        """Compute and write the predictions.

        Raises:
            ValueError: From computing the parts.
            OSError: The folder cannot be written to, or the disk is full.
        """
        write_results(Path(self._get_save_path()), data)
