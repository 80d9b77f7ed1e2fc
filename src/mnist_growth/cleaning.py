"""Removing old versions of data and results."""

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_growth.machine import is_in_use

RAW = "01_raw"
"""Layer of the data that is never removed."""


@dataclass(frozen=True)
class Version:
    """One version of a dataset.

    Attributes:
        folder: `<layer>/<dataset>/<version>` in the data folder.
        size: Bytes of its files; hard links are counted in every version.
    """

    folder: Path
    size: int

    @property
    def name(self) -> str:
        """Name of the version."""
        return self.folder.name


def versions(data: Path) -> dict[Path, list[Version]]:
    """Return the versions of every dataset, the newest first, without raw data.

    Args:
        data: The folder `data` of a project.
    """
    found: dict[Path, list[Version]] = {}
    for dataset in sorted(data.glob("*/*")):
        if dataset.parent.name == RAW or not dataset.is_dir():
            continue
        folders = [folder for folder in dataset.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
        if folders:
            found[dataset] = [Version(folder, _size(folder)) for folder in sorted(folders, reverse=True)]
    return found


def removable(
    found: Mapping[Path, Sequence[Version]], keep: int, kept: Mapping[str, Collection[str]], running_since: str | None
) -> list[Version]:
    """Return the versions that may be removed.

    Args:
        found: Versions by dataset, the newest first.
        keep: Number of newest versions of each dataset that stay.
        kept: Names of further versions that stay, by the name of the dataset's folder; those under the empty name stay
            in every dataset.
        running_since: Name of a version: that one and all newer ones belong to a run that has not ended; None if no run
            is known to be running. In addition, folders in use show which trainings are.
    """
    in_use = [version.name for entries in found.values() for version in entries if is_in_use(version.folder)]
    oldest = min([*in_use, *([running_since] if running_since else [])], default=None)
    return [
        version
        for dataset, entries in found.items()
        for version in entries[keep:]
        if version.name not in {*kept.get("", ()), *kept.get(dataset.name, ())}
        and (oldest is None or version.name < oldest)
    ]


def remove(chosen: Iterable[Version]) -> None:
    """Remove versions.

    Raises:
        OSError: A folder cannot be removed.
    """
    for version in chosen:
        shutil.rmtree(version.folder)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
