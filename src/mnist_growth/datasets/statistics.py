"""The pixel statistics of the training digits in the catalog."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io import AbstractVersionedDataset
from kedro.io.core import Version
from kedro_datasets._typing import JSONPreview

from mnist_growth.datasets.versions import path_to_load
from mnist_growth.digits import PixelStatistics
from mnist_growth.machine import atomic_path


class PixelStatisticsDataset(AbstractVersionedDataset[PixelStatistics, PixelStatistics]):
    """`PixelStatistics` in a JSON file with the keys `mean`, `std` (on the scale 0 to 1) and `images`.

    Args:
        filepath: Of the file, without the version.
        version: Given by Kedro where the catalog entry says `versioned: true`.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self, *, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self.metadata = metadata

    def load(self) -> PixelStatistics:
        """Read the statistics.

        Raises:
            FileNotFoundError: There are none, or not the version asked for.
            ValueError: The file is damaged.
        """
        path = path_to_load(self, "file of pixel statistics", pipeline="preprocess")
        try:
            content = json.loads(path.read_text())
            return PixelStatistics(float(content["mean"]), float(content["std"]), int(content["images"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path} holds no pixel statistics ({error}): make it anew with `kedro run --pipeline preprocess`"
            ) from error

    def save(self, data: PixelStatistics) -> None:
        """Write the file in one step."""
        content = {"mean": data.mean, "std": data.std, "images": data.count}
        with atomic_path(Path(self._get_save_path())) as path:
            path.write_text(json.dumps(content, indent=2) + "\n")

    def preview(self) -> JSONPreview:
        """Give the file's content, for Kedro-Viz."""
        return JSONPreview(Path(self._get_load_path()).read_text())

    def _exists(self) -> bool:
        return Path(self._get_load_path()).exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "version": self._version}
