"""Images of tables and arrays; their names are their positions from 0."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_growth.batch.pages import pictures_of
from mnist_growth.batch.picture import Picture
from mnist_growth.digits.array_file import grey_chunks, image_stack, read_arrays
from mnist_growth.digits.csv_file import CsvImages
from mnist_growth.digits.idx import read_images
from mnist_growth.digits.parquet_file import ParquetImages, cell_pages


class ArraySource:
    """The images of an array.

    Args:
        stack: Numbers, [N, H, W]; a memory map is read in pieces.

    Raises:
        ValueError: The grey values are on another scale.
    """

    def __init__(self, stack: NDArray[np.generic]) -> None:
        self._stack = stack

    def __len__(self) -> int:
        return len(self._stack)

    def __iter__(self) -> Iterator[Picture]:
        position = 0
        for chunk in grey_chunks(self._stack):
            for image in chunk:
                yield Picture(str(position), np.array(image))
                position += 1

    def section(self, start: int, stop: int | None) -> Iterator[Picture]:
        """Read some of the images; all of them decide about the scale of the grey values."""
        return islice(self, start, stop)


class CsvSource:
    """The images of a CSV table; a column with labels is not used.

    Args:
        path: Path of the file.

    Raises:
        ValueError: The file is not a table of images, or the grey values are on another scale.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._table = CsvImages(path)

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[Picture]:
        position = 0
        for images, _ in self._table.parts():
            for image in images:
                yield Picture(str(position), image)
                position += 1

    def section(self, start: int, stop: int | None) -> Iterator[Picture]:
        """Read some of the images; the rows before them are read and dropped."""
        return islice(self, start, stop)


class ParquetSource:
    """The images of a parquet table; see `ParquetImages`.

    Args:
        path: Path of the file.
        max_pixels: Largest image or page in a cell, height times width.

    Raises:
        ValueError: The file is not a parquet file, or has no column of images.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._table = ParquetImages(path)

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[Picture]:
        return self.section(0, None)

    def section(self, start: int, stop: int | None) -> Iterator[Picture]:
        """Read the images of some cells; the rows before them are read and dropped."""
        for position, cell in islice(enumerate(self._table.cells()), start, stop):
            yield from pictures_of(str(position), cell_pages(cell, self._max_pixels))


def idx_source(path: Path) -> ArraySource:
    """Return the images of an IDX file: a plain file is memory-mapped, a gzipped one decompressed into memory.

    Raises:
        ValueError: The file is not an IDX file of images.
        OSError: The file cannot be read.
    """
    return ArraySource(read_images(path, any_size=True))


def array_source(path: Path) -> ArraySource:
    """Return the images of an npy file, or of an npz file with one array of images.

    Raises:
        ValueError: The file is damaged, does not have exactly one array of images, or has another scale.
        OSError: The file cannot be read.
    """
    arrays = read_arrays(path)
    names = [name for name, array in arrays.items() if array.ndim > 1] if len(arrays) > 1 else list(arrays)
    if len(names) != 1:
        raise ValueError(
            f"{path} has {len(names)} arrays of images ({', '.join(names) or 'none'}), expected one: "
            "save the images to predict alone, with numpy.save"
        )
    return ArraySource(image_stack(arrays[names[0]], f"{path}" if len(arrays) == 1 else f"{path}: {names[0]}"))
