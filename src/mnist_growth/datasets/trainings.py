"""Finished trainings of studies, by a handle."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset
from kedro.io.core import DatasetError

from mnist_growth.studies import OutcomeStore


class TrainingsDataset(AbstractDataset[None, OutcomeStore]):
    """An `OutcomeStore`, with which a study finds and saves trainings while it runs.

    Args:
        filepath: Folder of the trainings.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> OutcomeStore:
        """Return the store."""
        return OutcomeStore(self._filepath)

    def save(self, data: None) -> NoReturn:  # noqa: ARG002
        """Refuse to be an output: a study saves with the store.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{self._filepath} is written through its OutcomeStore: load it, and call save")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
