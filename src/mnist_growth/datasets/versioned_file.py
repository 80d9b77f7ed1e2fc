"""Base class of the datasets that keep one file or folder per version."""

from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from kedro.io import AbstractVersionedDataset
from kedro.io.core import Version, VersionNotFoundError

Saved = TypeVar("Saved")
Loaded = TypeVar("Loaded")


class VersionedFileDataset(AbstractVersionedDataset[Saved, Loaded]):
    """A value in the file or folder `<filepath>/<version>/<name>`; subclasses read and write it.

    Args:
        filepath: Path without the version.
        version: Versions to load and to save; `versioned: true` in the catalog provides it.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self, *, filepath: str, version: Version | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self.metadata = metadata

    def _exists(self) -> bool:
        return Path(self._get_load_path()).exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "version": self._version}


def path_to_load(dataset: AbstractVersionedDataset[Any, Any], content: str, pipeline: str) -> Path:
    """Return the path of the newest version, or of the version that the run asks for.

    Args:
        dataset: The dataset.
        content: What it holds, for the error message: "split of the training digits".
        pipeline: Name of the pipeline that makes it.

    Raises:
        FileNotFoundError: There is no version, or not the requested one.
    """
    filepath = dataset._filepath
    try:
        path = Path(dataset._get_load_path())
        if path.exists():
            return path
        versions = dataset.list_versions(full_path=False)
    except VersionNotFoundError:
        versions = []
    if versions:
        raise FileNotFoundError(
            f"There is no {content} of version {path.parent.name}: {filepath} has {', '.join(versions)}"
        )
    raise FileNotFoundError(f"There is no {content} in {filepath}: create one with `kedro run --pipeline {pipeline}`")
