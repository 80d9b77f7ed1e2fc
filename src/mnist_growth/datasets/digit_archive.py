"""A dataset of digits on the disk or on a mirror, as the first entry of the catalog."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError
from pydantic import ValidationError

from mnist_growth.config_model import ConfigModel
from mnist_growth.digits.archive import MIRROR_VARIABLE, check_archive, load_archive
from mnist_growth.digits.archive_config import FOUR_FILES, ZIPPED, PublishedSet
from mnist_growth.digits.config import ArchiveParameters
from mnist_growth.digits.digits import DigitSet


class DigitArchiveDataset(AbstractDataset[NoReturn, DigitSet]):
    """Loads a `DigitSet` by name with `mnist_growth.digits.archive.load_archive`.

    Args:
        name: Name of the dataset: one of `archives`, "sample" or "folder".
        filepath: Folder with a subfolder of files for each dataset.
        archives: Mirrors, files and digests of each dataset that can be downloaded, by name; see `ArchiveConfig`.
        own: Path of the user's own digits, relative to the current directory, and how they are read, for the name
            "folder"; see `ArchiveParameters`.
        metadata: For Kedro-Viz.
    """

    def __init__(
        self,
        name: str,
        filepath: str,
        archives: Mapping[str, Any],
        own: Mapping[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._name = name
        self._filepath = Path(filepath)
        self._archives = archives
        self._own = own
        self.metadata = metadata

    def load(self) -> DigitSet:
        """Return the digits.

        Raises:
            ValueError: The digits are not available or invalid.
            OSError: A file cannot be read or written.
        """
        entry = self._entry()
        return load_archive(
            str(self._name),
            entry.archives,
            self._filepath,
            own=entry.own,
            first_mirror=os.environ.get(MIRROR_VARIABLE) or None,
        )

    def check(self) -> None:
        """Check that there is a data set of the name, without reading or downloading it.

        Raises:
            ValueError: There is none, or the catalog entry is invalid.
        """
        entry = self._entry()
        check_archive(str(self._name), entry.archives, entry.own)

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: an archive is read-only."""
        raise DatasetError(
            f"The archive of {self._name} is read-only, but a node saves a {type(data).__name__}: remove that output"
        )

    def _entry(self) -> "_Entry":
        try:
            return _Entry.model_validate({"archives": self._archives, "own": self._own})
        except ValidationError as error:
            first = error.errors()[0]
            location = ".".join(str(part) for part in first["loc"] if part not in (FOUR_FILES, ZIPPED))
            raise ValueError(
                f"The catalog entry of the digit archive is invalid at {location}: {first['msg']}"
            ) from None

    def _exists(self) -> bool:
        return True  # missing files are downloaded

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name, "filepath": self._filepath, "own": self._own}


class _Entry(ConfigModel):
    """The parts of the catalog entry that are models."""

    archives: Mapping[str, PublishedSet]
    own: ArchiveParameters | None
