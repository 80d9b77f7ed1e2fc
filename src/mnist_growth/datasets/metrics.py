"""Mappings of values in the catalog, such as metrics."""

from pathlib import Path
from typing import Any

from kedro_datasets.json import JSONDataset

from mnist_growth.datasets.damage import naming_file
from mnist_growth.digits import check_manifest


class MetricsDataset(JSONDataset):  # type: ignore[misc]  # kedro-datasets has no types
    """Values by name, as an object in a JSON file."""

    def load(self) -> dict[str, Any]:
        """Read the values.

        Raises:
            DatasetError: There is no such version.
            ValueError: The file is damaged.
        """
        with naming_file(Path(self._get_load_path())):
            content = super().load()
            if not isinstance(content, dict):
                raise ValueError(f"it contains {type(content).__name__}, expected values by name")
            return content


class ManifestDataset(MetricsDataset):
    """The description of a data set: a result of ``digits.data_manifest``."""

    def load(self) -> dict[str, Any]:
        """Read and check the description.

        Raises:
            DatasetError: There is no such version.
            ValueError: The file is damaged.
        """
        content = super().load()
        with naming_file(Path(self._get_load_path())):
            check_manifest(content)
        return content
