"""The trained network in the catalog."""

from dataclasses import replace
from pathlib import Path

from mnist_growth.datasets.versioned_file import VersionedFileDataset, path_to_load
from mnist_growth.network import TrainedNetwork, load_network, save_network


class NetworkDataset(VersionedFileDataset[TrainedNetwork, TrainedNetwork]):
    """A `TrainedNetwork` in a safetensors file."""

    def load(self) -> TrainedNetwork:
        """Rebuild the network on the CPU, with the name of its version.

        Raises:
            FileNotFoundError: There is no network, or not the requested version.
            ValueError: The file is damaged.
        """
        path = path_to_load(self, "trained network", "train")
        return replace(load_network(path), version=path.parent.name)

    def save(self, data: TrainedNetwork) -> None:
        """Write the network atomically."""
        save_network(Path(self._get_save_path()), data)
