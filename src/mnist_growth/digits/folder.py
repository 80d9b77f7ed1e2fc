"""The user's own digits: four IDX files, or train/ and test/ with a sub-folder of images for each class."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.decoding import decode_image
from mnist_growth.digits.digits import IMAGE_SIDE, NUM_CLASSES, DigitSet
from mnist_growth.digits.idx_set import IDX_NAMES, find_idx, read_idx_set

_IGNORED_FILES = {"Thumbs.db", "desktop.ini"}  # hidden files such as .DS_Store are ignored too


def folder_digits(folder: Path) -> DigitSet:
    """Read a data set from a folder; its name is "folder".

    Args:
        folder: Folder with either the four IDX files, plain or gzipped, or `train/` and `test/`, each with ten
            sub-folders named 0 to 9 of images of 28 x 28 pixels, in the formats that `decode_image` reads.

    Raises:
        ValueError: The layout of the folder or a file in it is invalid.
        OSError: A file cannot be read.
    """
    if not folder.is_dir():
        raise ValueError(f"The folder {folder} does not exist: set archive.path to the folder of your digits")
    if any(find_idx(folder, name) for name in IDX_NAMES):
        return read_idx_set(folder, IDX_NAMES, dataset="folder", source=str(folder))
    if not any((folder / part).is_dir() for part in ("train", "test")):
        raise ValueError(
            f"{folder} contains neither the four IDX files ({', '.join(IDX_NAMES)}) "
            "nor the folders train and test, expected one of the two"
        )
    train_images, train_labels = _read_part(folder / "train")
    test_images, test_labels = _read_part(folder / "test")
    return DigitSet.from_arrays(
        train_images,
        train_labels,
        test_images,
        test_labels,
        dataset="folder",
        requested="folder",
        source=str(folder),
        files={},
    )


def _read_part(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read the images uint8 [N, 28, 28] and labels int64 [N] of the ten class folders, ordered by class and name."""
    if not folder.is_dir():
        raise ValueError(f"The folder {folder} does not exist, expected one with a sub-folder for each digit 0 to 9")
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
    images = np.empty((len(paths), IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    for image, path in zip(images, paths, strict=True):
        image[:] = _read_image(path)
    return images, np.array([int(path.parent.name) for path in paths], np.int64)


def _image_paths(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.name not in _IGNORED_FILES
    )


def _read_image(path: Path) -> NDArray[np.uint8]:
    """Read an image file as grey values, uint8 [28, 28], like an image to predict."""
    try:
        pixels = decode_image(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is not a readable image ({error}): remove it or replace it") from None
    if pixels.shape != (IMAGE_SIDE, IMAGE_SIDE):
        height, width = pixels.shape
        raise ValueError(
            f"{path} is an image of {width} x {height} pixels, expected {IMAGE_SIDE} x {IMAGE_SIDE} pixels"
        )
    return pixels
