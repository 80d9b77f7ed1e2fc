"""How much a parquet file holds when it is decoded, and how much it may hold.

A parquet file stores repeated values once with a count, so that a few kilobytes can declare gigabytes.
"""

from collections.abc import Collection
from pathlib import Path

import pyarrow.parquet as pq

from mnist_growth.digits.size_budget import size_budget

_BYTES = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
"""Bytes of a value of each physical type; byte arrays state the size of each value."""


def check_size(path: Path, metadata: pq.FileMetaData, columns: Collection[str], bytes_per_row: int) -> None:
    """Check the sizes that the metadata of a file declare, before any row is read.

    Args:
        path: Path of the file.
        metadata: Its metadata.
        columns: Paths of the columns that are read, such as "image.bytes".
        bytes_per_row: Smallest size of a row after it has been read.

    Raises:
        ValueError: They are larger than such a file may hold.
    """
    declared = max(
        bytes_per_row * metadata.num_rows,
        sum(
            max(column.total_uncompressed_size, column.num_values * _BYTES.get(column.physical_type, 0))
            for group in map(metadata.row_group, range(metadata.num_row_groups))
            for column in map(group.column, range(group.num_columns))
            if column.path_in_schema in columns
        ),
    )
    budget = size_budget(path)
    if declared > budget:
        raise ValueError(
            f"{path} has {path.stat().st_size:,} bytes and declares {metadata.num_rows:,} rows that take "
            f"{declared:,} bytes in memory; expected at most {budget:,} for a file of this size"
        )
