"""Images in a CSV table: one row per image with its pixels row by row, with or without a label, as on Kaggle."""

import gzip
import math
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.digits.scale import grey_factor

_PIXELS = IMAGE_SIDE * IMAGE_SIDE
_BLOCK = 4_000_000  # bytes parsed at once
_MAX_LINE = 1_000_000  # bytes; a line of 784 numbers takes a few thousand
_LABEL = re.compile(r"(label|class|target|digit|y)s?", re.IGNORECASE)
_INDEX = re.compile(r"(|id|index|image_?id|unnamed: 0)", re.IGNORECASE)
_MAX_LABEL = 61  # the largest label of EMNIST; grey values are higher

Table = NDArray[np.float32]


class CsvImages:
    """The images of a CSV table; they are read in pieces, twice: the first time to find the range of their values.

    The table has one row for each image: its grey values row by row, and possibly a label and an index. Without a
    header, 785 columns are a label, first or last, and 784 grey values.

    Attributes:
        side: Height and width of the images in pixels.
        has_labels: Whether the table has labels.

    Args:
        path: Path of the file, plain or gzipped.

    Raises:
        ValueError: The file is not such a table, or the grey values are on another scale.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._layout = _layout(path)
        if self._layout.label_is_unknown:
            ends = [self._layout.pixels[0], self._layout.pixels[-1]]
            edges = [table[:, ends] for table in self._tables()]
            self._layout = _with_label(self._layout, np.concatenate(edges or [np.empty((0, 2), np.float32)]), path)
        self.side = self._layout.side
        self._rows, lowest, highest, has_fractions = self._measure()
        if not self._rows:
            raise ValueError(f"{path} has no rows, expected one for each image")
        self.has_labels = self._layout.label is not None
        try:
            self._factor = grey_factor(lowest, highest, is_float=has_fractions)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def __len__(self) -> int:
        return self._rows

    def parts(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64] | None]]:
        """Yield images, uint8 [M, H, W], and their labels, int64 [M] or None, in pieces.

        Raises:
            ValueError: A label is not a whole number.
        """
        for table in self._tables():
            pixels = table[:, self._layout.pixels].astype(np.float64) * self._factor
            images = np.rint(np.clip(pixels, 0, 255)).astype(np.uint8).reshape(-1, self.side, self.side)
            labels = None
            if self._layout.label is not None:
                values = table[:, self._layout.label]
                if not bool((np.isfinite(values) & (values == np.floor(values))).all()):
                    raise ValueError(f"{self._path} has labels that are not whole numbers, expected numbers from 0")
                labels = values.astype(np.int64)
            yield images, labels

    def _measure(self) -> tuple[int, float, float, bool]:
        """Return the number of rows, the smallest and the largest grey value, and whether there are fractions."""
        rows, lowest, highest, has_fractions = 0, math.inf, -math.inf, False
        for table in self._tables():
            if np.isnan(table).any():
                raise ValueError(
                    f"{self._path} has empty cells or NaN, expected a number in each cell: fill or remove these rows"
                )
            pixels = table[:, self._layout.pixels]
            rows += len(table)
            lowest, highest = min(lowest, float(pixels.min())), max(highest, float(pixels.max()))
            has_fractions = has_fractions or bool((pixels % 1 != 0).any())
        return rows, lowest, highest, has_fractions

    def _tables(self) -> Iterator[Table]:
        """Yield the numbers of the table in pieces, float32 [M, C]."""
        layout = self._layout
        names = [str(position) for position in range(layout.columns)]
        try:
            with pa.input_stream(self._path, compression="gzip" if layout.gzipped else None) as stream:
                reader = csv.open_csv(
                    stream,
                    csv.ReadOptions(column_names=names, skip_rows=layout.header_lines, block_size=_BLOCK),
                    csv.ParseOptions(delimiter=layout.delimiter),
                    csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float32())),
                )
                for batch in reader:
                    if batch.num_rows:
                        yield np.stack([column.to_numpy(zero_copy_only=False) for column in batch.columns], axis=1)
        except (pa.ArrowInvalid, pa.ArrowException, zlib.error, EOFError) as error:
            reason = str(error).splitlines()[0].removeprefix("CSV parse error: ")
            raise ValueError(
                f"{self._path} is not a table of numbers with {layout.columns} columns ({reason[:200]})"
            ) from None


class _Layout(NamedTuple):
    """Columns of a table.

    Attributes:
        columns: Number of all columns.
        pixels: Positions of the columns with grey values.
        label: Position of the column with the label, or None.
        label_is_unknown: Whether there is a label, first or last.
        side: Height and width of the images.
        delimiter: Character between two cells.
        header_lines: Number of lines before the first image.
        gzipped: Whether the file is gzipped.
    """

    columns: int
    pixels: list[int]
    label: int | None
    label_is_unknown: bool
    side: int
    delimiter: str
    header_lines: int
    gzipped: bool


def _layout(path: Path) -> _Layout:
    line, gzipped = _first_line(path)
    delimiter = max(",;\t", key=line.count)
    cells = [cell.strip().strip("\"'") for cell in line.split(delimiter)]
    counted = [[str(number + first) for number in range(len(cells))] for first in (0, 1)]
    is_header = cells in counted or not all(_is_number(cell) for cell in cells)
    labels = [position for position, cell in enumerate(cells) if is_header and _LABEL.fullmatch(cell)]
    others = [position for position, cell in enumerate(cells) if is_header and _INDEX.fullmatch(cell)]
    pixels = [position for position in range(len(cells)) if position not in {*labels, *others}]
    unknown = not labels and math.isqrt(len(pixels) - 1) ** 2 == len(pixels) - 1 and len(pixels) > 2
    side = math.isqrt(len(pixels) - unknown)
    if len(labels) > 1 or side < 2 or side**2 != len(pixels) - unknown:
        raise ValueError(
            f"{path} has {len(cells)} columns, expected {_PIXELS} grey values of 28 x 28 pixels in each row, "
            "and possibly a column with the label"
        )
    return _Layout(len(cells), pixels, labels[0] if labels else None, unknown, side, delimiter, int(is_header), gzipped)


def _with_label(layout: _Layout, edges: Table, path: Path) -> _Layout:
    """Choose the first or the last column as the label; pixels in the corners of images are rarely labels.

    Args:
        layout: Without a label.
        edges: First and last column, float32 [N, 2].
        path: For error messages.
    """
    if not len(edges):
        return layout._replace(label=layout.pixels[0], pixels=layout.pixels[1:], label_is_unknown=False)
    could_be = [
        bool((column == np.floor(column)).all()) and column.min() >= 0 and column.max() <= _MAX_LABEL
        for column in edges.T
    ]
    varies = [bool(column.min() != column.max()) for column in edges.T]
    candidates = [position for position in (0, 1) if could_be[position] and varies[position]]
    candidates = candidates or [position for position in (0, 1) if could_be[position]]
    if not candidates:
        raise ValueError(
            f"{path} has {layout.columns} columns, but neither the first nor the last has labels: whole numbers from 0 "
            f"to {_MAX_LABEL}"
        )
    label = layout.pixels[0] if candidates[0] == 0 else layout.pixels[-1]
    pixels = [position for position in layout.pixels if position != label]
    return layout._replace(label=label, pixels=pixels, label_is_unknown=False)


def _first_line(path: Path) -> tuple[str, bool]:
    """Return the first line, without its end, and whether the file is gzipped."""
    with path.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if gzipped else path.open("rb") as stream:
        line = stream.readline(_MAX_LINE)
    if len(line) >= _MAX_LINE:
        raise ValueError(f"{path} has a line of more than {_MAX_LINE:,} bytes, expected one image in each line")
    return line.decode("utf-8-sig", "replace").rstrip("\r\n"), gzipped


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
