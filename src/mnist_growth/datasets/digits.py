"""One part of a set of digits, kept as a versioned folder that is loaded as a memory map."""

import json
import os
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from kedro.io import AbstractVersionedDataset
from kedro.io.core import Version

from mnist_growth.datasets.versioned_file import path_to_load
from mnist_growth.digits.digits import Digits
from mnist_growth.digits.idx import read_pair, write_images, write_labels
from mnist_growth.machine import atomic_folder

_IMAGES = "images.idx3-ubyte"
_LABELS = "labels.idx1-ubyte"
_DESCRIPTION = "digits.json"
_CHUNK = 4096  # images compared at once: 3 MB


class DigitsDataset(AbstractVersionedDataset[Digits, Digits]):
    """Keeps `Digits` in the folder `<filepath>/<version>/<name>`: two IDX files and their description in JSON.

    A version is there whole or not at all. Images are loaded as a memory map and saved in pieces, so a set may be
    larger than memory. A version with the content of the newest one shares its files (hard links): it costs no disk.

    Args:
        filepath: Folder of all versions.
        version: Versions to load and to save; `versioned: true` in the catalog provides it.
        metadata: For plugins; not used here.
    """

    def __init__(self, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None) -> None:
        if version is None:
            raise ValueError(f"{filepath} keeps versions of digits: add `versioned: true` to its catalog entry")
        super().__init__(PurePosixPath(filepath), version)
        self.metadata = metadata

    def load(self) -> Digits:
        """Return the digits, the images as a read-only memory map.

        Raises:
            FileNotFoundError: There is no version, or not the one asked for.
            ValueError: A file of it is damaged.
            OSError: A file of it cannot be read.
        """
        return _read(path_to_load(self, self._filepath.name, pipeline="ingest"))

    def save(self, data: Digits) -> None:
        """Keep the digits as a new version.

        Raises:
            DatasetError: The version exists already.
            OSError: The folder cannot be written to, or the disk is full.
        """
        same = self._newest_with_content(data)
        with atomic_folder(Path(self._get_save_path())) as folder:
            if same is None or not _link_all(same, folder):
                _write(folder, data)

    def _newest_with_content(self, data: Digits) -> Path | None:
        """Return the folder of the newest version if it holds exactly these digits."""
        versions = self._get_versions()
        if not versions:
            return None
        try:
            newest = _read(Path(versions[0]))
        except (ValueError, OSError):
            return None  # damaged: not to be shared
        same = (newest.dataset, newest.fingerprint, len(newest)) == (data.dataset, data.fingerprint, len(data))
        return Path(versions[0]) if same and _equal(newest, data) else None

    def _exists(self) -> bool:
        return (Path(self._get_load_path()) / _DESCRIPTION).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}


def _read(folder: Path) -> Digits:
    images, labels = read_pair(folder / _IMAGES, folder / _LABELS)
    path = folder / _DESCRIPTION
    try:
        description = json.loads(path.read_text("utf-8"))
        dataset, fingerprint, count = (description[key] for key in ("dataset", "fingerprint", "count"))
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path} is damaged, expected JSON with dataset, fingerprint and count: delete this version"
        ) from None
    if count != len(images):
        raise ValueError(f"{folder / _IMAGES} holds {len(images)} images, expected the {count} that {path} states")
    return Digits(images, labels, dataset, fingerprint)


def _write(folder: Path, data: Digits) -> None:
    write_images(folder / _IMAGES, data.images)
    write_labels(folder / _LABELS, data.labels)
    description = {"dataset": data.dataset, "fingerprint": data.fingerprint, "count": len(data)}
    (folder / _DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", "utf-8")


def _link_all(source: Path, target: Path) -> bool:
    """Hard-link the files of one folder into another; False where the file system cannot."""
    try:
        for name in (_IMAGES, _LABELS, _DESCRIPTION):
            os.link(source / name, target / name)
    except OSError:
        for name in (_IMAGES, _LABELS, _DESCRIPTION):
            (target / name).unlink(missing_ok=True)
        return False
    return True


def _equal(first: Digits, second: Digits) -> bool:
    """Compare images and labels in chunks, so that memory maps stay on disk."""
    return np.array_equal(first.labels, second.labels) and all(
        np.array_equal(first.images[start : start + _CHUNK], second.images[start : start + _CHUNK])
        for start in range(0, len(first), _CHUNK)
    )
