"""How much a compressed file may hold: a few kilobytes can declare gigabytes."""

from pathlib import Path

MIN_BUDGET = 100_000_000
"""Decoded bytes that a file of any size may hold."""

MAX_RATIO = 200
"""Decoded bytes per byte of the file; the digits of MNIST in a parquet file, as lists of 64-bit integers have 40."""


def size_budget(path: Path) -> int:
    """Return the number of decoded bytes that a file may hold."""
    return max(MIN_BUDGET, MAX_RATIO * path.stat().st_size)
