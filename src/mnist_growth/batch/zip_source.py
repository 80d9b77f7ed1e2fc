"""The images in a zip archive."""

from collections.abc import Iterator
from functools import partial
from zipfile import ZipFile

from mnist_growth.batch.image_file import check_size, pictures_in
from mnist_growth.batch.picture import Picture
from mnist_growth.digits.zip_file import ZipFiles


class ZipSource:
    """All files of a zip archive as images, sorted by name; they are read one at a time and not unpacked.

    Args:
        files: Files of the archive.
        max_pixels: Largest image or page, height times width.
    """

    def __init__(self, files: ZipFiles, max_pixels: int) -> None:
        self._files, self._max_pixels = files, max_pixels

    def __len__(self) -> int:
        return len(self._files.names)

    def __iter__(self) -> Iterator[Picture]:
        return self.section(0, None)

    def section(self, start: int, stop: int | None) -> Iterator[Picture]:
        """Read the images of some files, without reading the others."""
        with self._files.opened() as archive:
            for name in self._files.names[start:stop]:
                yield from pictures_in(name, partial(self._content, archive, name), self._max_pixels)

    def _content(self, archive: ZipFile, name: str) -> bytes:
        check_size(self._files.size(name))
        return self._files.read(archive, name)
