"""The node of the ingest pipeline."""

from typing import Any

from mnist_growth.digits import ArchiveParameters, Digits, DigitSet, data_manifest, prepare


def ingest(digit_archive: DigitSet, archive: ArchiveParameters) -> tuple[Digits, Digits, dict[str, Any]]:
    """Prepare the images of a set of digits, and return its parts.

    Returns:
        The training digits, the test digits, and the manifest that describes both (plain values for JSON).
    """
    digit_set = prepare(digit_archive, archive.preparation)
    return digit_set.train, digit_set.test, data_manifest(digit_set)
