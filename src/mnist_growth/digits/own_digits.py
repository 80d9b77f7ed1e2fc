"""The user's own data set: IDX files, tables, arrays, folders of images, or a zip archive of these."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.class_folders import read_class_folders
from mnist_growth.digits.config import ArchiveParameters, SplitConfig
from mnist_growth.digits.content import Kind, content_of
from mnist_growth.digits.digits import DIGIT_NAMES, MAX_CLASSES, DigitSet
from mnist_growth.digits.idx import images_sha256, labels_sha256, read_images, read_labels
from mnist_growth.digits.idx_set import idx_path
from mnist_growth.digits.orientation import is_transposed
from mnist_growth.digits.part import Part
from mnist_growth.digits.set_choice import chosen_set, idx_prefix
from mnist_growth.digits.split import stratified_split
from mnist_growth.digits.tables import TABLES, read_tables
from mnist_growth.digits.zip_file import ZipFiles
from mnist_growth.shown_path import shown_path

_SEED = 0  # of the split into training and test part
_LAYOUTS = (
    "four IDX files (train-images-idx3-ubyte, ...), tables or arrays named train and test, "
    "or folders train and test with a sub-folder for each class"
)

Parts = tuple[Part, Part | None]


def check_exists(path: Path) -> None:
    """Check that there is something at the path of the user's own digits.

    Raises:
        ValueError: There is nothing.
    """
    if not chosen_set(path)[0].exists():
        raise ValueError(f"The folder or file {path} does not exist: set archive.path to your digits")


def own_digits(path: str | Path, options: ArchiveParameters, dataset: str = "folder") -> DigitSet:
    """Read a data set from a folder or a file.

    Args:
        path: A folder, or a file: an npz file with the arrays x_train, y_train, x_test and y_test, a table or array of
            labelled images, an IDX file of training images next to the other three, or a zip archive. A folder or zip
            archive of several sets of IDX files is followed by the name of one, as in `gzip/emnist-letters-*`.
        options: Whether to split off a test part, to scale images, and to swap rows and columns.
        dataset: Name of the data set.

    Raises:
        ValueError: The layout or a file is invalid, or the test part is missing.
        OSError: A file cannot be read.
    """
    path = Path(path)
    check_exists(path)
    train, test = (part and _turned(part, options.transposed) for part in _parts(*chosen_set(path)))
    assert train is not None  # only the test part may be missing
    if train.labels is None:
        raise ValueError(f"{train.origin} has no labels, expected a label for each training image")
    class_names, train, test = _classes(train, test)
    assert train.labels is not None
    train_images, train_scaled = train.fitted(resize=options.resize)
    if test is not None and test.labels is not None:
        if options.test_fraction is not None:
            raise ValueError(f"{path} has a test part ({test.origin}): leave out archive.test_fraction")
        test_images, test_scaled = test.fitted(resize=options.resize)
        arrays = (train_images, train.labels, test_images, test.labels)
    else:
        missing = "no test part" if test is None else f"no labels in its test part ({test.origin})"
        if options.test_fraction is None:
            raise ValueError(
                f"{path} has {missing}: add it, or split one off the training images with "
                "--params archive.test_fraction=0.15"
            )
        test_scaled = 0
        arrays = _split(train_images, train.labels, options.test_fraction)
    turned = sum(len(part.images) for part in (train, test) if part and part.transposed and part.labels is not None)
    counts = {"resized": train_scaled + test_scaled, "transposed": turned}
    return DigitSet.from_arrays(
        *arrays,
        dataset=dataset,
        requested=dataset,
        source=shown_path(path),
        files={**train.files, **(test.files if test and test.labels is not None else {})},
        class_names=class_names,
        counts={name: count for name, count in counts.items() if count},
    )


def _classes(train: Part, test: Part | None) -> tuple[tuple[str, ...], Part, Part | None]:
    """Return the names of the classes, and the parts with labels that are positions in them.

    Without names of their own, labels from 0 to 9 are digits, and others are named by their numbers. Labels may begin
    with 1, as those of EMNIST's letters.
    """
    if train.class_names:
        return train.class_names, train, test
    assert train.labels is not None
    lowest, highest = int(train.labels.min()), int(train.labels.max())
    largest = max(highest, len(DIGIT_NAMES) - 1)
    if test is not None and test.labels is not None and (found := int(test.labels.max())) > largest:
        raise ValueError(
            f"{test.origin}: a test digit has the label {found}, expected labels from {lowest} to {largest}, "
            "as in the training part"
        )
    if lowest >= 0 and highest < len(DIGIT_NAMES):
        return DIGIT_NAMES, train, test
    first = min(lowest, 1)
    if first < 0 or highest - first >= MAX_CLASSES:
        raise ValueError(
            f"{train.origin}: the labels range from {lowest} to {highest}, expected at most {MAX_CLASSES} classes, "
            "numbered from 0 or 1"
        )
    return tuple(map(str, range(first, highest + 1))), _renumbered(train, first), test and _renumbered(test, first)


def _renumbered(part: Part, first: int) -> Part:
    return part if part.labels is None else replace(part, labels=part.labels - first)


def _turned(part: Part, transposed: bool | None) -> Part:
    return replace(part, transposed=is_transposed(Path(part.origin).name, transposed))


def _split(
    images: NDArray[np.uint8], labels: NDArray[np.int64], fraction: float
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Split a stratified test part off; always the same one."""
    if len(labels) != len(images):
        raise ValueError(f"There are {len(images)} images and {len(labels)} labels, expected as many labels as images")
    try:
        split = stratified_split(labels, SplitConfig(validation_fraction=fraction, seed=_SEED))
    except ValueError as error:
        words = str(error).replace("split.validation_fraction", "archive.test_fraction")
        raise ValueError(words.replace("validation part", "test part")) from None
    return images[split.train], labels[split.train], images[split.validation], labels[split.validation]


def _parts(path: Path, prefix: str | None = None) -> Parts:
    """Find the training and the test part in a folder or a file.

    Args:
        path: The folder or file.
        prefix: Beginning of the names of the IDX files of one of several sets; None if there is only one.
    """
    if path.is_dir():
        return _folder_parts(path) if prefix is None else _idx_parts(path, prefix)
    kind, description, gzipped = content_of(path)
    if kind == "zip":
        return _zip_parts(path, prefix)
    if kind == "idx_images" and (found := idx_prefix(path.name)) is not None:
        return _idx_parts(path.parent, found)
    if kind in TABLES and (kind == "csv" or not gzipped):
        return read_tables({path: kind})
    hint = ": give the folder that it is in" if kind in ("image", "idx_images", "idx_labels") else ""
    raise ValueError(
        f"{path} is {description}, expected a data set: an npz, npy, CSV, parquet or zip file, or a folder{hint}"
    )


def _zip_parts(path: Path, prefix: str | None) -> Parts:
    """Read the parts of an archive; it, or the chosen set in it, is unpacked into a temporary folder."""
    with ZipFiles(path).unpacked(lambda name: prefix is None or idx_prefix(name) == prefix) as folder:
        try:
            train, test = _parts(folder) if prefix is None else _idx_parts(_only_folder(folder), prefix)
        except ValueError as error:
            raise ValueError(str(error).replace(str(folder), str(path))) from None
        return _in_memory(train, folder, path), test and _in_memory(test, folder, path)


def _only_folder(folder: Path) -> Path:
    """Return the folder that contains files, below folders that contain one folder only."""
    entries = list(folder.iterdir())
    return _only_folder(entries[0]) if len(entries) == 1 and entries[0].is_dir() else folder


def _in_memory(part: Part, folder: Path, archive: Path) -> Part:
    images = np.array(part.images) if isinstance(part.images, np.memmap) else part.images
    return replace(part, images=images, origin=part.origin.replace(str(folder), str(archive)))


def _folder_parts(folder: Path) -> Parts:
    """Find the parts in a folder."""
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    folders = {entry.name.lower(): entry for entry in entries if entry.is_dir()}
    if "train" in folders:
        test = folders.get("test")
        train = read_class_folders(folders["train"])
        return train, read_class_folders(test, train.class_names) if test else None
    prefixes = {prefix for entry in entries if entry.is_file() and (prefix := idx_prefix(entry.name)) is not None}
    if len(prefixes) == 1:
        return _idx_parts(folder, prefixes.pop())
    if prefixes:
        raise ValueError(
            f"{folder} contains the data sets {', '.join(sorted(prefixes))}: add one of them to archive.path, as in "
            f"{folder}/{min(prefixes)}*"
        )
    kinds = {entry: content_of(entry) for entry in entries if entry.is_file()}
    tables: dict[Path, Kind] = {
        entry: kind
        for entry, (kind, _, gzipped) in kinds.items()
        if kind in TABLES and (kind == "csv" or not gzipped) and "submission" not in entry.name
    }
    if tables:
        return read_tables(tables)
    files = [entry for entry in entries if entry.is_file()]
    if len(entries) == 1 and (folders or kinds[files[0]].kind == "zip"):
        return _parts(entries[0])
    found = ", ".join(f"{entry.name} ({kinds[entry].description})" for entry in files[:3]) or (
        f"the folders {', '.join(sorted(folders)[:5])}" if folders else "nothing"
    )
    raise ValueError(f"{folder} contains {found}, expected {_LAYOUTS}")


def _idx_parts(folder: Path, prefix: str) -> Parts:
    """Read the IDX files of a data set whose names begin with a prefix."""
    train = _idx_part(folder, f"{prefix}train")
    for name in ("t10k", "test"):
        try:
            idx_path(folder, f"{prefix}{name}-images-idx3-ubyte")
        except ValueError:
            continue
        return train, _idx_part(folder, f"{prefix}{name}")
    return train, None


def _idx_part(folder: Path, stem: str) -> Part:
    names = f"{stem}-images-idx3-ubyte", f"{stem}-labels-idx1-ubyte"
    paths = [idx_path(folder, name) for name in names]
    images, labels = read_images(paths[0], any_size=True), read_labels(paths[1], MAX_CLASSES)
    if len(images) != len(labels):
        raise ValueError(
            f"{paths[0]} contains {len(images)} images but {paths[1]} contains {len(labels)} labels, "
            "expected as many labels as images"
        )
    digests = images_sha256(images), labels_sha256(labels)
    files: dict[str, dict[str, str]] = defaultdict(dict)
    for name, digest in zip(names, digests, strict=True):
        files[name]["sha256"] = digest
    return Part(images, labels, str(paths[0]), files=dict(files))
