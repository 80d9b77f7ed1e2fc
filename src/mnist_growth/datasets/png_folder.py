"""Figures as PNG files in the catalog."""

from pathlib import Path

from mnist_growth.datasets.versioned_file import VersionedFileDataset
from mnist_growth.machine import atomic_folder


class PngFolderDataset(VersionedFileDataset[dict[str, bytes], dict[str, bytes]]):
    """Contents of PNG files by name, stored as `<filepath>/<version>/<name of filepath>/<name>.png`.

    An empty mapping is not saved, and no version is created.
    """

    def load(self) -> dict[str, bytes]:
        """Read all files."""
        return {path.stem: path.read_bytes() for path in sorted(Path(self._get_load_path()).glob("*.png"))}

    def save(self, data: dict[str, bytes]) -> None:
        """Write the folder atomically."""
        if data:
            with atomic_folder(Path(self._get_save_path())) as folder:
                for name, content in data.items():
                    (folder / f"{name}.png").write_bytes(content)
