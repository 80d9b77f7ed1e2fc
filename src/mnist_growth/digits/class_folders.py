"""Images in sub-folders, one for each class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.decoding import decode_image
from mnist_growth.digits.digits import DIGIT_NAMES, MAX_CLASSES
from mnist_growth.digits.part import Part

_IGNORED_FILES = {"Thumbs.db", "desktop.ini"}  # hidden files such as .DS_Store are ignored too


def read_class_folders(folder: Path, classes: Sequence[str] = ()) -> Part:
    """Read the images of the sub-folders of a folder, ordered by class and name.

    Args:
        folder: Folder with a sub-folder for each class, of images in the formats that `decode_image` reads. If all are
            named by digits, there has to be one for each digit 0 to 9, which may be empty.
        classes: Names of the classes in the training part; empty to take them from the sub-folders.

    Raises:
        ValueError: The layout of the folder or a file in it is invalid.
        OSError: A file cannot be read.
    """
    found = {entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")}
    names = tuple(classes) or _class_names(folder, found)
    if unknown := sorted(found - set(names)):
        raise ValueError(
            f"{folder} has a sub-folder named {unknown[0]!r}, expected only the classes {', '.join(names)}"
        )
    paths = {name: _image_paths(folder / name) if name in found else [] for name in names}
    if not any(paths.values()):
        raise ValueError(f"The sub-folders of {folder} contain no images, expected at least one")
    images = [_read_image(path) for name in names for path in paths[name]]
    labels = np.repeat(np.arange(len(names)), [len(paths[name]) for name in names])
    return Part(images, labels.astype(np.int64), str(folder), class_names=names)


def _class_names(folder: Path, found: set[str]) -> tuple[str, ...]:
    """Return the names of the classes of a training part."""
    if found <= set(DIGIT_NAMES):
        if missing := sorted(set(DIGIT_NAMES) - found):
            raise ValueError(
                f"{folder} has no sub-folder {missing[0]}, expected one for each digit 0 to 9 (it may be empty)"
            )
        return DIGIT_NAMES
    if not 2 <= len(found) <= MAX_CLASSES:
        raise ValueError(f"{folder} has {len(found)} sub-folders, expected one for each of 2 to {MAX_CLASSES} classes")
    if empty := sorted(name for name in found if not _image_paths(folder / name)):
        raise ValueError(f"{folder / empty[0]} contains no images, expected at least one of each class")
    return tuple(sorted(found))


def _image_paths(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.name not in _IGNORED_FILES
    )


def _read_image(path: Path) -> NDArray[np.uint8]:
    """Read an image file as grey values, uint8 [H, W], like an image to predict."""
    try:
        return decode_image(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is not a readable image ({error}): remove it or replace it") from None
