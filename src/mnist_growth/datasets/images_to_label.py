"""Images that are most worth a label in the catalog."""

from pathlib import Path

from mnist_growth.batch import ImagesToLabel, LabelFolder, read_images_to_label, write_images_to_label
from mnist_growth.datasets.versioned_file import VersionedFileDataset, path_to_load


class ImagesToLabelDataset(VersionedFileDataset[ImagesToLabel, LabelFolder]):
    """A folder with copies of the chosen images, their ranking as CSV, and the images that could not be read."""

    def load(self) -> LabelFolder:
        """Return where the images are, and how many.

        Raises:
            FileNotFoundError: There are no images, or not the requested version.
            ValueError: The folder is damaged.
        """
        return read_images_to_label(path_to_load(self, "folder of images to label", pipeline="label"))

    def save(self, data: ImagesToLabel) -> None:
        """Copy the images, and write their ranking.

        Raises:
            ValueError: An image can no longer be read.
            OSError: The folder cannot be written to, or the disk is full.
        """
        write_images_to_label(Path(self._get_save_path()), data)
