"""What the entries of the catalog that keep one file per version have in common."""

from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from kedro.io import AbstractVersionedDataset
from kedro.io.core import Version, VersionNotFoundError

T = TypeVar("T")


class VersionedFileDataset(AbstractVersionedDataset[T, T]):
    """A value in the file `<filepath>/<version>/<name>`; a subclass says how it is read and written.

    Args:
        filepath: Of the file, without the version.
        version: Given by Kedro where the catalog entry says `versioned: true`.
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
    """Return the file of the newest version, or of the one that the run asks for.

    Args:
        dataset: The entry.
        content: What it holds, for a reader: "split of the training digits".
        pipeline: Name of the pipeline that makes it.

    Raises:
        FileNotFoundError: There is no version, or not the one asked for.
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
    raise FileNotFoundError(f"There is no {content} in {filepath}: make one with `kedro run --pipeline {pipeline}`")
