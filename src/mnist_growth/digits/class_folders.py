"""Images in sub-folders, one for each class."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.decoding import decode_image
from mnist_growth.digits.digits import NUM_CLASSES
from mnist_growth.digits.part import Part

_IGNORED_FILES = {"Thumbs.db", "desktop.ini"}  # hidden files such as .DS_Store are ignored too


def read_class_folders(folder: Path) -> Part:
    """Read the images of the ten sub-folders of a folder, ordered by class and name.

    Args:
        folder: Folder with sub-folders named 0 to 9 of images in the formats that `decode_image` reads.

    Raises:
        ValueError: The layout of the folder or a file in it is invalid.
        OSError: A file cannot be read.
    """
    classes = {str(digit) for digit in range(NUM_CLASSES)}
    found = {entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")}
    if unknown := sorted(found - classes):
        raise ValueError(f"{folder} has a sub-folder named {unknown[0]!r}, expected only the digits 0 to 9")
    if missing := sorted(classes - found):
        raise ValueError(
            f"{folder} has no sub-folder {missing[0]}, expected one for each digit 0 to 9 (it may be empty)"
        )
    paths = [path for name in sorted(classes) for path in _image_paths(folder / name)]
    if not paths:
        raise ValueError(f"The sub-folders of {folder} contain no images, expected at least one")
    labels = np.array([int(path.parent.name) for path in paths], np.int64)
    return Part([_read_image(path) for path in paths], labels, str(folder))


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
