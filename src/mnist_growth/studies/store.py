"""Trainings that are done: an interrupted study continues with the others."""

import logging
from pathlib import Path

from pydantic import ValidationError

from mnist_growth.machine import atomic_path
from mnist_growth.studies.outcome import Outcome

logger = logging.getLogger(__name__)


class OutcomeStore:
    """Files of outcomes, each under the key of its training.

    All studies share a folder: a training that one of them has done is not repeated by another.

    Args:
        folder: Of the files; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, key: str) -> Outcome | None:
        """Return the outcome of a training; None if it was not done, or its file is damaged."""
        path = self._path(key)
        if not path.exists():
            return None
        try:
            return Outcome.model_validate_json(path.read_bytes())
        except (ValidationError, OSError):
            logger.warning("%s is damaged: the training is done again", path)
            return None

    def save(self, key: str, outcome: Outcome) -> None:
        """Write the file of an outcome in one step: it is complete or not there.

        Raises:
            OSError: The folder cannot be written to, or the disk is full.
        """
        path = self._path(key)
        try:
            with atomic_path(path) as temporary:
                temporary.write_text(outcome.model_dump_json() + "\n", "utf-8")
        except OSError as error:
            error.add_note(f"Cannot save {path}")
            raise

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"
