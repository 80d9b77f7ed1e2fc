"""The trained network in the catalog."""

from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io import AbstractVersionedDataset
from kedro.io.core import Version

from mnist_growth.datasets.versions import path_to_load
from mnist_growth.network import TrainedNetwork, load_network, save_network


class NetworkDataset(AbstractVersionedDataset[TrainedNetwork, TrainedNetwork]):
    """A ``TrainedNetwork`` in a safetensors file.

    Args:
        filepath: of the file, without the version.
        version: given by Kedro where the catalog entry says ``versioned: true``.
        metadata: for Kedro-Viz.
    """

    def __init__(
        self, *, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self.metadata = metadata

    def load(self) -> TrainedNetwork:
        """Rebuild the network, on the CPU.

        Raises:
            FileNotFoundError: no network has been trained, or not this version.
            ValueError: the file is damaged.
        """
        return load_network(path_to_load(self, "trained network", "train"))

    def save(self, data: TrainedNetwork) -> None:
        """Write the network in one step."""
        save_network(Path(self._get_save_path()), data)

    def _exists(self) -> bool:
        return Path(self._get_load_path()).exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "version": self._version}
