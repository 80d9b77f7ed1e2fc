"""A set of digits, found on the disk or fetched, as the entry of the catalog that everything starts from."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError
from pydantic import TypeAdapter, ValidationError

from mnist_growth.digits.archive import MIRROR_VARIABLE, load_archive
from mnist_growth.digits.archive_config import ArchiveConfig
from mnist_growth.digits.digits import DigitSet


class DigitArchiveDataset(AbstractDataset[NoReturn, DigitSet]):
    """Loads the `DigitSet` of a name; see `mnist_growth.digits.archive.load_archive` for what that does.

    Args:
        name: Name of the set: one of `archives`, "sample" or "folder".
        filepath: Folder with a sub-folder of files for each set.
        archives: Mirrors, files and digests of each set that can be fetched, by name; see `ArchiveConfig`.
        own_folder: Folder of one's own digits, relative to the current directory, for the name "folder".
        metadata: For plugins; not used here.
    """

    def __init__(
        self,
        name: str,
        filepath: str,
        archives: Mapping[str, Any],
        own_folder: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._name = name
        self._filepath = Path(filepath)
        self._archives = archives
        self._own_folder = None if own_folder is None else Path(own_folder)
        self.metadata = metadata

    def load(self) -> DigitSet:
        """Return the digits; raise ValueError or OSError, with one sentence, if that is not possible."""
        try:
            archives = TypeAdapter(dict[str, ArchiveConfig]).validate_python(self._archives)
        except ValidationError as error:
            first = error.errors()[0]
            location = ".".join(str(part) for part in first["loc"])
            raise ValueError(
                f"archives.{location} of the digit archive in the catalog is wrong: {first['msg']}"
            ) from None
        return load_archive(
            str(self._name),
            archives,
            self._filepath,
            own_folder=self._own_folder,
            first_mirror=os.environ.get(MIRROR_VARIABLE) or None,
        )

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: an archive is read only."""
        raise DatasetError(
            f"The archive of {self._name} is read only, expected no node to save a {type(data).__name__} to it"
        )

    def _exists(self) -> bool:
        return True  # what is missing is fetched

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name, "filepath": self._filepath, "own_folder": self._own_folder}
