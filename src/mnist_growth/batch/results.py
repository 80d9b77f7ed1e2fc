"""Predictions of many images on disk, written and read in pieces."""

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mnist_growth.batch.prediction import Part
from mnist_growth.batch.spreadsheet import for_spreadsheet
from mnist_growth.digits.doubt import doubt_kinds
from mnist_growth.lineage import lineage_of_file
from mnist_growth.machine import atomic_folder, read_json

PREDICTIONS, PREDICTIONS_CSV = "predictions.parquet", "predictions.csv"
UNREADABLE, COUNTS = "unreadable.csv", "counts.json"

_CSV_NUMBERS = "%.6g"


@dataclass(frozen=True)
class BatchResults:
    """A folder with predictions.

    Attributes:
        folder: Contains `predictions.parquet`, the same as `predictions.csv` (numbers with six digits, texts as
            `for_spreadsheet` changes them),
            `unreadable.csv` with the images that were skipped, and `counts.json`.
        predicted: Number of images with a prediction.
        unreadable: Number of images that were skipped.
        doubtful: Number of doubtful predictions.
        doubts: Number of predictions for each reason to doubt, the most frequent first.
        network_sha256: SHA-256 (hex) of the weights of the network; empty if the predictions do not contain it.
    """

    folder: Path
    predicted: int
    unreadable: int
    doubtful: int
    doubts: dict[str, int]
    network_sha256: str = ""

    def tables(self, rows: int = 500) -> Iterator[pd.DataFrame]:
        """Read the predictions.

        Args:
            rows: Largest number of rows per table.

        Raises:
            ValueError: The file is damaged.
            OSError: The file cannot be read.
        """
        path = self.folder / PREDICTIONS
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                for batch in file.iter_batches(rows):
                    yield batch.to_pandas()
        except (ValueError, OSError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise ValueError(f"{path} is damaged ({str(error).splitlines()[0]}); predict the images again") from None


def write_results(folder: str | Path, parts: Iterable[Part]) -> BatchResults:
    """Write predictions while they are computed. The folder appears in one step when all of them are written.

    Args:
        folder: Folder to create; it must not exist.
        parts: Predictions; they are processed one part at a time and not kept.

    Raises:
        OSError: The folder cannot be written to, or the disk is full.
    """
    folder = Path(folder)
    with atomic_folder(folder) as temporary:
        counts = _write(temporary, parts)
        (temporary / COUNTS).write_text(f"{json.dumps(counts._asdict())}\n", "utf-8")
    return BatchResults(folder, *counts, _network_sha256(folder))


def read_results(folder: str | Path) -> BatchResults:
    """Open a folder that ``write_results`` wrote, without reading the predictions.

    Raises:
        ValueError: A file is damaged.
        OSError: A file cannot be read.
    """
    folder = Path(folder)
    path = folder / COUNTS
    try:
        counts = read_json(path)
        predicted, unreadable, doubtful = (int(counts[name]) for name in ("predicted", "unreadable", "doubtful"))
        doubts = {str(reason): int(number) for reason, number in dict(counts["doubts"]).items()}
        return BatchResults(folder, predicted, unreadable, doubtful, doubts, _network_sha256(folder))
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path} is damaged; expected predicted, unreadable, doubtful and doubts; delete this version"
        ) from None


def _network_sha256(folder: Path) -> str:
    path = folder / PREDICTIONS
    return lineage_of_file(path).network_sha256 if path.exists() else ""


class _Counts(NamedTuple):
    """Content of the file of counts; see `BatchResults`."""

    predicted: int
    unreadable: int
    doubtful: int
    doubts: dict[str, int]


def _write(folder: Path, parts: Iterable[Part]) -> _Counts:
    """Write all files except the counts, and return the counts."""
    predicted = unreadable = doubtful = 0
    reasons: Counter[str] = Counter()
    with contextlib.ExitStack() as stack:
        table_csv = stack.enter_context((folder / PREDICTIONS_CSV).open("w", encoding="utf-8", newline=""))
        unreadable_csv = stack.enter_context((folder / UNREADABLE).open("w", encoding="utf-8", newline=""))
        writer: pq.ParquetWriter | None = None
        for part in parts:
            is_first = writer is None
            table = pa.Table.from_pandas(part.predictions, preserve_index=False)
            if writer is None:
                writer = stack.enter_context(
                    pq.ParquetWriter(folder / PREDICTIONS, table.schema, write_page_checksum=True)
                )
            writer.write_table(table.cast(writer.schema))
            for_spreadsheet(part.predictions).to_csv(table_csv, index=False, header=is_first, float_format=_CSV_NUMBERS)
            for_spreadsheet(part.unreadable).to_csv(unreadable_csv, index=False, header=is_first)
            predicted += len(part.predictions)
            unreadable += len(part.unreadable)
            for doubt in part.predictions["doubt"]:
                doubtful += bool(doubt)
                reasons.update(doubt_kinds(doubt))
    return _Counts(predicted, unreadable, doubtful, dict(reasons.most_common()))
