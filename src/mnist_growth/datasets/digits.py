"""One part of a dataset of digits, in a versioned folder that is loaded as a memory map."""

import functools
import hashlib
import json
import os
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from kedro.io import AbstractVersionedDataset
from kedro.io.core import Version

from mnist_growth.datasets.versioned_file import path_to_load
from mnist_growth.digits.digits import MAX_CLASSES, Digits
from mnist_growth.digits.idx import read_pair, write_images, write_labels
from mnist_growth.digits.preparation import Preparation
from mnist_growth.machine import atomic_folder, read_json

_IMAGES = "images.idx3-ubyte"
_LABELS = "labels.idx1-ubyte"
_DESCRIPTION = "digits.json"
_CHUNK = 4096  # images compared at once: 3 MB


class DigitsDataset(AbstractVersionedDataset[Digits, Digits]):
    """Stores `Digits` in the folder `<filepath>/<version>/<name>`: two IDX files and a description in JSON.

    Saves are atomic. Images are loaded as a memory map and saved in chunks, so a dataset may be larger than memory. A
    version with the same content as the newest one uses hard links to its files, which take no disk space. The
    description has the SHA-256 of both files, which are verified when they are loaded, once per process.

    Args:
        filepath: Folder of all versions.
        version: Versions to load and to save; `versioned: true` in the catalog provides it.
        metadata: For Kedro-Viz.
    """

    def __init__(self, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None) -> None:
        if version is None:
            raise ValueError(f"The catalog entry of {filepath} has no versions: add `versioned: true` to it")
        super().__init__(PurePosixPath(filepath), version)
        self.metadata = metadata

    def load(self) -> Digits:
        """Return the digits, the images as a read-only memory map.

        Raises:
            FileNotFoundError: There is no version, or not the requested one.
            ValueError: A file is damaged.
            OSError: A file cannot be read.
        """
        folder = path_to_load(self, self._filepath.name, pipeline="ingest")
        digits = _read(folder)
        _verify(folder)
        return digits

    def save(self, data: Digits) -> None:
        """Save the digits as a new version.

        Raises:
            DatasetError: The version already exists.
            OSError: The folder cannot be written to, or the disk is full.
        """
        same = self._newest_with_content(data)
        with atomic_folder(Path(self._get_save_path())) as folder:
            if same is None or not _link_all(same, folder):
                _write(folder, data)

    def _newest_with_content(self, data: Digits) -> Path | None:
        """Return the folder of the newest version if it contains exactly these digits."""
        versions = self._get_versions()
        if not versions:
            return None
        try:
            newest = _read(Path(versions[0]))
        except (ValueError, OSError):
            return None  # damaged: do not share its files
        same = _description(newest) == _description(data)
        return Path(versions[0]) if same and _equal(newest, data) else None

    def _exists(self) -> bool:
        return (Path(self._get_load_path()) / _DESCRIPTION).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}


def _read(folder: Path) -> Digits:
    images, labels = read_pair(folder / _IMAGES, folder / _LABELS, MAX_CLASSES)
    path = folder / _DESCRIPTION
    try:
        description = read_json(path)
        dataset, fingerprint, count = (description[key] for key in ("dataset", "fingerprint", "count"))
        preparation = Preparation.model_validate(description["preparation"])
        class_names = tuple(str(name) for name in description["class_names"])
        dict(description["sha256"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path} is damaged; expected JSON with dataset, fingerprint, count, preparation, class_names and sha256: "
            "delete this version"
        ) from None
    if count != len(images):
        raise ValueError(
            f"{folder / _IMAGES} contains {len(images)} images; expected {count} as in {path}: delete this version"
        )
    return Digits(images, labels, dataset, fingerprint, preparation, class_names)


def _write(folder: Path, data: Digits) -> None:
    write_images(folder / _IMAGES, data.images)
    write_labels(folder / _LABELS, data.labels)
    description = {**_description(data), "sha256": {name: _sha256(folder / name) for name in (_IMAGES, _LABELS)}}
    (folder / _DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", "utf-8")


def _verify(folder: Path) -> None:
    """Compare the files with their digests.

    Raises:
        ValueError: A file has changed since it was written.
    """
    digests = read_json(folder / _DESCRIPTION)["sha256"]
    for name in (_IMAGES, _LABELS):
        path = folder / name
        status = path.stat()
        if _sha256_of_state(path, status.st_mtime_ns, status.st_size, status.st_ino) != digests.get(name):
            raise ValueError(
                f"{path} has changed since it was written, its SHA-256 is not that of {_DESCRIPTION}: delete this "
                "version, or make the digits again with `kedro run --pipeline ingest`"
            )


@functools.lru_cache(maxsize=64)
def _sha256_of_state(path: Path, _modified: int, _size: int, _inode: int) -> str:
    """Return the SHA-256 (hex) of a file, computed again only if the file has been written."""
    return _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _description(data: Digits) -> dict[str, Any]:
    """Return what a part says of itself, as plain values for JSON."""
    return {
        "dataset": data.dataset,
        "fingerprint": data.fingerprint,
        "count": len(data),
        "preparation": data.preparation.model_dump(),
        "class_names": list(data.class_names),
    }


def _link_all(source: Path, target: Path) -> bool:
    """Create hard links to the files of a folder in another one; return False if the file system cannot."""
    try:
        for name in (_IMAGES, _LABELS, _DESCRIPTION):
            os.link(source / name, target / name)
    except OSError:
        for name in (_IMAGES, _LABELS, _DESCRIPTION):
            (target / name).unlink(missing_ok=True)
        return False
    return True


def _equal(first: Digits, second: Digits) -> bool:
    """Compare images and labels in chunks, so that memory-mapped files are not read into memory as a whole."""
    return np.array_equal(first.labels, second.labels) and all(
        np.array_equal(first.images[start : start + _CHUNK], second.images[start : start + _CHUNK])
        for start in range(0, len(first), _CHUNK)
    )
