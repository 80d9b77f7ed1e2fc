"""The drift reference of a network in the catalog."""

from pathlib import Path

from mnist_growth.datasets.versioned_file import VersionedFileDataset, path_to_load
from mnist_growth.drift import DriftReference, load_reference, save_reference


class DriftReferenceDataset(VersionedFileDataset[DriftReference, DriftReference]):
    """A `DriftReference` in a JSON file."""

    def load(self) -> DriftReference:
        """Read the reference.

        Raises:
            FileNotFoundError: There is no reference, or not the requested version.
            ValueError: The file is damaged.
        """
        return load_reference(path_to_load(self, "drift reference", pipeline="drift_reference"))

    def save(self, data: DriftReference) -> None:
        """Write the file atomically."""
        save_reference(Path(self._get_save_path()), data)
