"""Adapters that put digits, networks and checkpoints into the Kedro catalog; the formats live below."""

from mnist_growth.datasets.digit_archive import DigitArchiveDataset
from mnist_growth.datasets.digits import DigitsDataset

__all__ = ["DigitArchiveDataset", "DigitsDataset"]
