"""A data set in four IDX files of one folder."""

from pathlib import Path
from typing import NamedTuple

from mnist_growth.digits.digits import DigitSet
from mnist_growth.digits.idx import images_sha256, labels_sha256, read_pair


class IdxNames(NamedTuple):
    """Names of the four decompressed files of a data set."""

    train_images: str
    train_labels: str
    test_images: str
    test_labels: str


IDX_NAMES = IdxNames(
    train_images="train-images-idx3-ubyte",
    train_labels="train-labels-idx1-ubyte",
    test_images="t10k-images-idx3-ubyte",
    test_labels="t10k-labels-idx1-ubyte",
)
"""File names of MNIST; most data sets in MNIST format use them too."""


def spellings(name: str) -> tuple[str, ...]:
    """Return the accepted names of an IDX file: plain or gzipped, with a dash or a dot before idx."""
    dotted = name.replace("-idx", ".idx")
    return (name, f"{name}.gz", dotted, f"{dotted}.gz")


def find_idx(folder: Path, name: str) -> Path | None:
    """Return the path of an IDX file in a folder, in its first existing spelling, or None if it is missing."""
    return next((folder / spelling for spelling in spellings(name) if (folder / spelling).is_file()), None)


def idx_path(folder: Path, name: str) -> Path:
    """Return the path of an IDX file in a folder; raise ValueError if it is missing."""
    path = find_idx(folder, name)
    if path is None:
        raise ValueError(f"{folder} contains no {name} (or {name}.gz), expected all four IDX files")
    return path


def read_idx_set(folder: Path, names: IdxNames, *, dataset: str, source: str, requested: str | None = None) -> DigitSet:
    """Read a data set from four IDX files; plain files are memory-mapped.

    Args:
        folder: Folder with the files, each under one of the spellings of its name.
        names: Names of the decompressed files; `DigitSet.files` uses them as keys.
        dataset: Name of the data set.
        source: Human-readable origin of the files.
        requested: Name of the requested data set, if it differs.

    Raises:
        ValueError: A file is missing or invalid, or counts differ.
        OSError: A file cannot be read.
    """
    paths = [idx_path(folder, name) for name in names]
    train_images, train_labels = read_pair(paths[0], paths[1])
    test_images, test_labels = read_pair(paths[2], paths[3])
    return DigitSet.from_arrays(
        train_images,
        train_labels,
        test_images,
        test_labels,
        dataset=dataset,
        requested=requested or dataset,
        source=source,
        files={
            names.train_images: {"sha256": images_sha256(train_images)},
            names.train_labels: {"sha256": labels_sha256(train_labels)},
            names.test_images: {"sha256": images_sha256(test_images)},
            names.test_labels: {"sha256": labels_sha256(test_labels)},
        },
    )
