"""Finding the file that a versioned entry of the catalog is loaded from."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractVersionedDataset
from kedro.io.core import VersionNotFoundError


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
