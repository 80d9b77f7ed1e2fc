"""Finished candidates of a compression, by a handle."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset
from kedro.io.core import DatasetError

from mnist_growth.compression import CandidateStore


class CandidatesDataset(AbstractDataset[None, CandidateStore]):
    """A `CandidateStore`, with which a node finds and saves candidates while it runs.

    Args:
        filepath: Folder of the candidates.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> CandidateStore:
        """Return the store."""
        return CandidateStore(self._filepath)

    def save(self, data: None) -> NoReturn:  # noqa: ARG002
        """Refuse to be an output: a node saves with the store.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{self._filepath} is written through its CandidateStore: load it, and call save")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
