"""Images of an IDX file or a parquet table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mnist_growth.batch.picture import Picture
from mnist_growth.digits.decoding import decode_image
from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.digits.idx import read_images

COLUMN = "image"
"""Name of the column with the images."""

_PIXELS = IMAGE_SIDE * IMAGE_SIDE
_ROWS = 100  # per read


class IdxSource:
    """The images of an IDX file; their names are their positions from 0.

    A plain file is memory-mapped; a gzipped one is decompressed into memory.

    Args:
        path: Path of the file.

    Raises:
        ValueError: The file is not an IDX file of 28 x 28 images.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._images = read_images(path)

    def __len__(self) -> int:
        return len(self._images)

    def __iter__(self) -> Iterator[Picture]:
        for position, image in enumerate(self._images):
            yield Picture(str(position), np.array(image))


class ParquetSource:
    """The images in the column "image" of a parquet table; their names are their rows from 0.

    A cell contains an image file (binary, or a struct with the field "bytes", as in data sets on Hugging Face) or 784
    grey values from 0 to 255, as bytes or as a list. Rows are read in pieces.

    Args:
        path: Path of the file.

    Raises:
        ValueError: The file is not a parquet file, or has no such column.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = pq.ParquetFile(path)
        except pa.ArrowInvalid as error:
            raise ValueError(f"{path} is not a parquet file ({str(error).splitlines()[0]})") from None
        names = self._file.schema_arrow.names
        if COLUMN not in names:
            raise ValueError(
                f"{path} has the columns {', '.join(names) or 'none'}; expected one named {COLUMN!r} with image files "
                f"or {_PIXELS} grey values in each row"
            )

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def __iter__(self) -> Iterator[Picture]:
        position = 0
        for batch in self._file.iter_batches(_ROWS, columns=[COLUMN]):
            for cell in batch.column(0):
                try:
                    yield Picture(str(position), _pixels(cell.as_py()))
                except ValueError as error:
                    yield Picture(str(position), None, str(error))
                position += 1


def _pixels(value: Any) -> np.ndarray:
    """Grey values, uint8 [H, W], of a cell."""
    if isinstance(value, dict):
        value = value.get("bytes")
    if isinstance(value, bytes):
        return decode_image(value)
    if not isinstance(value, list):
        raise ValueError(f"The cell contains {type(value).__name__}; expected bytes or a list of {_PIXELS} grey values")
    try:
        numbers = np.asarray(value, np.float64).reshape(-1)
    except (ValueError, TypeError):
        numbers = np.empty(0)
    if numbers.size != _PIXELS:
        raise ValueError(f"The cell does not contain {_PIXELS} numbers; expected the grey values of 28 x 28 pixels")
    if not ((numbers >= 0) & (numbers <= 255)).all():
        raise ValueError("The cell contains numbers below 0 or above 255; expected grey values from 0 to 255")
    return np.rint(numbers).astype(np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE)
