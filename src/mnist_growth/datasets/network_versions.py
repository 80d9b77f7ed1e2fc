"""Several versions of the network in one run, by a handle."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset
from kedro.io.core import DatasetError, generate_timestamp

from mnist_growth.machine import atomic_folder
from mnist_growth.network import TrainedNetwork, load_network, save_network


class NetworkVersions:
    """The versions of a network, to which a node adds.

    Args:
        folder: Of all versions, which has the name of the file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, trained: TrainedNetwork) -> str:
        """Save a network as the newest version, and return the version; one that is there already is not saved again.

        Raises:
            OSError: The folder cannot be written to, or the disk is full.
        """
        if (known := self._find(trained.sha256)) is not None:
            return known
        version = generate_timestamp()
        while (self.folder / version).exists():  # versions are milliseconds
            version = generate_timestamp()
        with atomic_folder(self.folder / version) as folder:
            save_network(folder / self.folder.name, trained)
        return version

    def _find(self, sha256: str) -> str | None:
        """The newest version with these weights."""
        for folder in sorted(self.folder.glob("*"), reverse=True):
            try:
                if load_network(folder / self.folder.name).sha256 == sha256:
                    return folder.name
            except (ValueError, OSError):
                continue  # damaged, or the temporary folder of another run
        return None


class NetworkVersionsDataset(AbstractDataset[None, NetworkVersions]):
    """A `NetworkVersions`, with which a node saves networks while it runs.

    Args:
        filepath: Folder of the versions.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> NetworkVersions:
        """Return the handle."""
        return NetworkVersions(self._filepath)

    def save(self, data: None) -> NoReturn:  # noqa: ARG002
        """Refuse to be an output: a node saves with the handle.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{self._filepath} is written through its NetworkVersions: load it, and call save")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
