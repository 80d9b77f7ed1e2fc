"""The node of the ingest pipeline."""

from typing import Any

from mnist_growth.digits.digits import Digits, DigitSet
from mnist_growth.digits.manifest import data_manifest


def ingest(digit_archive: DigitSet) -> tuple[Digits, Digits, dict[str, Any]]:
    """Return the parts of a set of digits.

    Returns:
        The training digits, the test digits, and the manifest that describes both (plain values for JSON).
    """
    return digit_archive.train, digit_archive.test, data_manifest(digit_archive)
