"""The novelty detector of a network in the catalog."""

from pathlib import Path

from mnist_growth.datasets.versioned_file import VersionedFileDataset, path_to_load
from mnist_growth.novelty import NoveltyDetector, load_detector, save_detector


class NoveltyDetectorDataset(VersionedFileDataset[NoveltyDetector, NoveltyDetector]):
    """A `NoveltyDetector` in a safetensors file."""

    def load(self) -> NoveltyDetector:
        """Read the detector.

        Raises:
            FileNotFoundError: There is no detector, or not the requested version.
            ValueError: The file is damaged.
        """
        return load_detector(path_to_load(self, "novelty detector", pipeline="novelty"))

    def save(self, data: NoveltyDetector) -> None:
        """Write the file atomically."""
        save_detector(Path(self._get_save_path()), data)
