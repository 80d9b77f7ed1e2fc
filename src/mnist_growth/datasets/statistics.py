"""The pixel statistics of the training digits in the catalog."""

import json
from pathlib import Path

from kedro_datasets._typing import JSONPreview

from mnist_growth.datasets.versioned_file import VersionedFileDataset, path_to_load
from mnist_growth.digits import PixelStatistics
from mnist_growth.machine import atomic_path, read_json


class PixelStatisticsDataset(VersionedFileDataset[PixelStatistics, PixelStatistics]):
    """`PixelStatistics` in a JSON file with the keys `mean`, `std` (on a scale from 0 to 1) and `images`."""

    def load(self) -> PixelStatistics:
        """Read the statistics.

        Raises:
            FileNotFoundError: There are no statistics, or not the requested version.
            ValueError: The file is damaged.
        """
        path = path_to_load(self, "file of pixel statistics", pipeline="preprocess")
        try:
            content = read_json(path)
            return PixelStatistics(float(content["mean"]), float(content["std"]), int(content["images"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path} does not contain pixel statistics ({error}): create it again with "
                "`kedro run --pipeline preprocess`"
            ) from error

    def save(self, data: PixelStatistics) -> None:
        """Write the file atomically."""
        content = {"mean": data.mean, "std": data.std, "images": data.count}
        with atomic_path(Path(self._get_save_path())) as path:
            path.write_text(json.dumps(content, indent=2) + "\n")

    def preview(self) -> JSONPreview:
        """Return the content of the file, for Kedro-Viz."""
        return JSONPreview(Path(self._get_load_path()).read_text())
