"""Images in a parquet table, as data sets on Hugging Face have them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mnist_growth.digits.decoding import MAX_PIXELS, decode_image, decode_pages
from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.digits.scale import to_grey_values

IMAGE_COLUMN, LABEL_COLUMN = "image", "label"

_PIXELS = IMAGE_SIDE * IMAGE_SIDE
_ROWS = 100  # per read


class ParquetImages:
    """The images in the column "image" of a parquet table, and the labels in its column "label", if it has one.

    A cell contains an image file (binary, or a struct with the field "bytes", as in data sets on Hugging Face) or 784
    grey values, as bytes or as a list. Rows are read in pieces.

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
        if IMAGE_COLUMN not in names:
            raise ValueError(
                f"{path} has the columns {', '.join(names) or 'none'}; expected one named {IMAGE_COLUMN!r} with image "
                f"files or {_PIXELS} grey values in each row"
            )
        self.has_labels = LABEL_COLUMN in names

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def cells(self) -> Iterator[Any]:
        """Yield the content of the column with the images, row by row."""
        for batch in self._file.iter_batches(_ROWS, columns=[IMAGE_COLUMN]):
            for cell in batch.column(0):
                yield cell.as_py()

    def labels(self) -> NDArray[np.generic]:
        """Return the column with the labels."""
        labels: NDArray[np.generic] = self._file.read([LABEL_COLUMN]).column(0).to_numpy()
        return labels


def cell_pixels(value: Any) -> NDArray[np.uint8]:
    """Return the grey values, uint8 [H, W], of a cell.

    Raises:
        ValueError: The cell contains no image.
    """
    [pixels] = cell_pages(value, MAX_PIXELS, one_page=True)
    if isinstance(pixels, ValueError):
        raise pixels
    return pixels


def cell_pages(value: Any, max_pixels: int, *, one_page: bool = False) -> Iterator[NDArray[np.uint8] | ValueError]:
    """Yield the grey values, uint8 [H, W], of the pages in a cell, or why they cannot be read.

    Args:
        value: Content of the cell.
        max_pixels: Largest page, height times width.
        one_page: Whether an image file with several pages is an error.
    """
    if isinstance(value, dict):
        value = value.get("bytes")
    try:
        if not isinstance(value, bytes):
            yield _listed_pixels(value)
        elif one_page:
            yield decode_image(value, max_pixels)
        else:
            yield from decode_pages(value, max_pixels)
    except ValueError as error:
        yield error


def _listed_pixels(value: Any) -> NDArray[np.uint8]:
    if not isinstance(value, list):
        raise ValueError(f"The cell contains {type(value).__name__}; expected bytes or a list of {_PIXELS} grey values")
    try:
        numbers = np.asarray(value).reshape(-1)
    except (ValueError, TypeError):
        numbers = np.empty(0)
    if numbers.size != _PIXELS or numbers.dtype.kind not in "buif":
        raise ValueError(f"The cell does not contain {_PIXELS} numbers; expected the grey values of 28 x 28 pixels")
    return to_grey_values(numbers).reshape(IMAGE_SIDE, IMAGE_SIDE)
