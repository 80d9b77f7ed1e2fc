"""The parts of a data set in files of tables and arrays."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.array_file import Array, grey_images, image_stack, labels_of, pick, read_arrays
from mnist_growth.digits.content import Kind
from mnist_growth.digits.part import Part

TABLES: frozenset[Kind] = frozenset({"csv", "npy", "npz", "parquet"})
"""Kinds of files that this module reads."""

_TEST_WORDS = ("test", "t10k")
_LABEL_WORDS = ("label", "target", "y_", "_y")


class _Found(NamedTuple):
    """Images or labels or both of one part in one file."""

    part: str
    images: NDArray[np.uint8] | Sequence[NDArray[np.uint8]] | None
    labels: NDArray[np.int64] | None
    origin: str
    path: Path


def read_tables(files: Mapping[Path, Kind]) -> tuple[Part, Part | None]:
    """Read the training and the test part from tables and arrays; their names tell the parts apart.

    Args:
        files: Files and their kinds, at least one.

    Returns:
        The training part, and the test part or None.

    Raises:
        ValueError: A file is invalid, or a part is missing or in several files.
        OSError: A file cannot be read.
    """
    found = [each for path, kind in sorted(files.items()) for each in _read(path, kind)]
    parts = {name: _joined([each for each in found if each.part == name], name) for name in ("train", "test")}
    train, test = parts["train"], parts["test"]
    if train is None:
        names = ", ".join(path.name for path in sorted(files))
        raise ValueError(
            f"{names} in {next(iter(files)).parent}: none of them has training images, expected at least one"
        )
    return train, test


def _read(path: Path, kind: Kind) -> list[_Found]:
    name = path.name.lower()
    part = "test" if any(word in name for word in _TEST_WORDS) else "train"
    if kind == "csv":
        return [_Found(part, *_csv(path), str(path), path)]
    if kind == "parquet":
        return [_Found(part, *_parquet(path), str(path), path)]
    arrays = read_arrays(path)
    if len(arrays) == 1:
        [array] = arrays.values()
        return [_one_array(part, array, str(path), path)]
    names = {(each, what): pick(arrays, each, what) for each in ("train", "test") for what in ("images", "labels")}
    if names["train", "images"] is None:
        names |= {(part, what): _pick_plain(arrays, what) for what in ("images", "labels")}
    found = [
        _Found(
            each,
            _grey(arrays[images], f"{path}: {images}"),
            None if labels is None else labels_of(arrays[labels], f"{path}: {labels}"),
            f"{path}: {images}",
            path,
        )
        for each in ("train", "test")
        if (images := names[each, "images"]) is not None
        for labels in [names[each, "labels"]]
    ]
    if not found:
        raise ValueError(
            f"{path} has the arrays {', '.join(arrays)}, expected x_train, y_train, x_test and y_test, "
            "or images and labels"
        )
    return found


def _pick_plain(arrays: Mapping[str, Array], kind: str) -> str | None:
    """Return the name of the images or labels of a file with one part, or None."""
    usual = {"images": ("x", "images", "image", "data"), "labels": ("y", "labels", "label", "target")}[kind]
    return next((name for name in arrays if name.lower() in usual), None)


def _one_array(part: str, array: Array, origin: str, path: Path) -> _Found:
    name = path.name.lower()
    if array.ndim == 1 or any(word in f"_{name}" for word in _LABEL_WORDS):
        return _Found(part, None, labels_of(array, origin), origin, path)
    return _Found(part, _grey(array, origin), None, origin, path)


def _grey(array: Array, origin: str) -> NDArray[np.uint8]:
    try:
        return grey_images(image_stack(array, origin))
    except ValueError as error:
        raise ValueError(str(error) if origin in str(error) else f"{origin}: {error}") from None


def _csv(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64] | None]:
    from mnist_growth.digits.csv_file import CsvImages  # pyarrow takes a third of a second to import

    table = CsvImages(path)
    images = np.empty((len(table), table.side, table.side), np.uint8)
    labels = np.empty(len(table), np.int64)
    start = 0
    for part, part_labels in table.parts():
        images[start : start + len(part)] = part
        if part_labels is not None:
            labels[start : start + len(part)] = part_labels
        start += len(part)
    return images, labels if table.has_labels else None


def _parquet(path: Path) -> tuple[list[NDArray[np.uint8]], NDArray[np.int64] | None]:
    from mnist_growth.digits.parquet_file import ParquetImages, cell_pixels
    from mnist_growth.digits.size_budget import size_budget

    table, budget = ParquetImages(path), size_budget(path)
    images: list[NDArray[np.uint8]] = []
    size = 0
    for row, cell in enumerate(table.cells()):
        try:
            images.append(cell_pixels(cell))
        except ValueError as error:
            raise ValueError(f"{path}: row {row}: {error}") from None
        size += images[-1].nbytes
        if size > budget:
            raise ValueError(
                f"{path}: the images of the first {row + 1:,} rows have {size:,} pixels; expected at most {budget:,} "
                "for a file of this size"
            )
    return images, labels_of(table.labels(), f"{path}: label") if table.has_labels else None


def _joined(found: Sequence[_Found], part: str) -> Part | None:
    """Return images and labels of one part, which may be in two files; None without images."""
    images = [each for each in found if each.images is not None]
    labels = [each for each in found if each.labels is not None]
    if not images:
        return None
    if len(images) > 1 or len(labels) > 1:
        several = ", ".join(each.origin for each in (images if len(images) > 1 else labels))
        raise ValueError(f"There are several tables for the {part} part ({several}), expected one: remove the others")
    [first] = images
    assert first.images is not None
    paths = {each.path for each in (*images, *labels)}
    return Part(
        first.images,
        labels[0].labels if labels else None,
        first.origin,
        files={path.name: {"sha256": _sha256(path)} for path in sorted(paths)},
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
