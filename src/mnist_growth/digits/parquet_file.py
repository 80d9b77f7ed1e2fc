"""Images in a parquet table, as data sets on Hugging Face have them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mnist_growth.digits.decoding import MAX_PIXELS, decode_image, decode_pages
from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.digits.parquet_size import check_size
from mnist_growth.digits.scale import to_grey_values

IMAGE_COLUMN, LABEL_COLUMN = "image", "label"

_PIXELS = IMAGE_SIDE * IMAGE_SIDE
_ROWS = 100  # per read
_SHOWN = 5  # columns that a message names


class ParquetImages:
    """The images in the column "image" of a parquet table, and the labels in its column "label", if it has one.

    A cell contains an image file (binary, or a struct with the field "bytes", as in data sets on Hugging Face) or 784
    grey values, as bytes or as a list. Rows are read in pieces.

    Args:
        path: Path of the file.

    Raises:
        ValueError: The file is not a parquet file, has no such column, or declares far more than its size can hold.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        schema = _opened(path).schema_arrow
        names = schema.names
        if IMAGE_COLUMN not in names:
            shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
            raise ValueError(
                f"{path} has the columns {shown or 'none'}; expected one named {IMAGE_COLUMN!r} with image "
                f"files or {_PIXELS} grey values in each row"
            )
        self.has_labels = LABEL_COLUMN in names
        if self.has_labels and not _is_number(label := schema.field(LABEL_COLUMN).type):
            raise ValueError(f"{path}: {LABEL_COLUMN} contains {label}, expected whole numbers")
        kind = schema.field(IMAGE_COLUMN).type
        self._column = f"{IMAGE_COLUMN}.bytes" if pa.types.is_struct(kind) else IMAGE_COLUMN
        is_bytes = pa.types.is_struct(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
        # As a dictionary, equal images take memory once.
        self._file = _opened(path, [self._column] if is_bytes else [])
        stored = [self._file.metadata.schema.column(index).path for index in range(len(self._file.metadata.schema))]
        read = {name for name in stored if name == LABEL_COLUMN or f"{name}.".startswith(f"{self._column}.")}
        check_size(path, self._file.metadata, read, _PIXELS)

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def cells(self) -> Iterator[Any]:
        """Yield the content of the column with the images, row by row.

        Raises:
            ValueError: The file is damaged.
            OSError: The file cannot be read.
        """
        try:
            for batch in self._file.iter_batches(_ROWS, columns=[self._column]):
                for cell in batch.column(0):
                    yield cell.as_py()
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self._path, error) from None

    def labels(self) -> NDArray[np.generic]:
        """Return the column with the labels.

        Raises:
            ValueError: The file is damaged.
            OSError: The file cannot be read.
        """
        try:
            labels: NDArray[np.generic] = self._file.read([LABEL_COLUMN]).column(0).to_numpy()
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self._path, error) from None
        return labels


def _opened(path: Path, dictionaries: Sequence[str] = ()) -> pq.ParquetFile:
    """Open a file, with columns that are read as dictionaries.

    Raises:
        ValueError: It is not a parquet file.
        OSError: It cannot be read.
    """
    try:
        return pq.ParquetFile(path, read_dictionary=list(dictionaries), page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise ValueError(f"{path} is not a parquet file ({str(error).splitlines()[0]})") from None


def _damaged(path: Path, error: Exception) -> Exception:
    """The error about a file that cannot be read to its end; errors of the operating system stay as they are."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno):
        return error
    return ValueError(f"{path} is damaged ({str(error).splitlines()[0]}): replace it")


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


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
