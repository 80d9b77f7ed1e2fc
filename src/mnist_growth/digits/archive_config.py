"""Configuration of a published data set: its files, their digests and its mirrors."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from mnist_growth.config_model import ConfigModel
from mnist_growth.digits.idx_set import IdxNames


class ArchiveFile(ConfigModel):
    """An IDX file and its expected digests."""

    name: str = Field(min_length=1, pattern=r"^[^/\\]+$")
    """Name of the decompressed file; mirrors usually provide it with .gz appended."""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """SHA-256 (hex) of the decompressed file; if unknown, it is recorded on first use."""
    gzip_md5: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    """MD5 (hex) of the gzipped file, if this is the only published digest."""


class ArchiveFiles(ConfigModel):
    """The four files of a data set."""

    train_images: ArchiveFile
    train_labels: ArchiveFile
    test_images: ArchiveFile
    test_labels: ArchiveFile

    @property
    def all(self) -> tuple[ArchiveFile, ArchiveFile, ArchiveFile, ArchiveFile]:
        """The four files in the order of `IdxNames`."""
        return self.train_images, self.train_labels, self.test_images, self.test_labels

    @property
    def images(self) -> tuple[ArchiveFile, ArchiveFile]:
        """The two image files; the other two contain labels."""
        return self.train_images, self.test_images

    @property
    def names(self) -> IdxNames:
        """The names of the four files."""
        return IdxNames(*(file.name for file in self.all))


class ZippedSet(ConfigModel):
    """A published data set whose files are in a zip archive with those of other sets."""

    mirrors: tuple[str, ...] = Field(strict=False)
    """http(s) addresses and folders that provide the archive, in the order in which they are tried."""
    folder: str = Field(min_length=1, pattern=r"^[^/\\]+$")
    """Name of the folder of raw files in which the archive is kept; all sets in the archive share it."""
    archive: str = Field(min_length=1, pattern=r"^[^/\\]+$")
    """Name of the archive."""
    md5: str = Field(pattern=r"^[0-9a-f]{32}$")
    """MD5 (hex) of the archive."""
    prefix: str = Field(min_length=1)
    """What the names of the files of this set begin with."""
    class_names: tuple[str, ...] | None = Field(default=None, strict=False)
    """Names of the classes in the order of their labels; if None, the classes are called by their labels."""


class ArchiveConfig(ConfigModel):
    """A published data set of four files."""

    mirrors: tuple[str, ...] = Field(strict=False)
    """http(s) addresses and folders that provide the files, in the order in which they are tried."""
    files: ArchiveFiles
    class_names: tuple[str, ...] | None = Field(default=None, strict=False)
    """Names of the classes in the order of their labels; if None, the classes are called by their labels."""


FOUR_FILES, ZIPPED = "four files", "zipped"
"""Tags of the kinds of published sets; they appear in the location of a validation error."""


def _kind(value: Any) -> str:
    is_zipped = isinstance(value, ZippedSet) or (not isinstance(value, ArchiveConfig) and "archive" in value)
    return ZIPPED if is_zipped else FOUR_FILES


PublishedSet = Annotated[
    Annotated[ArchiveConfig, Tag(FOUR_FILES)] | Annotated[ZippedSet, Tag(ZIPPED)], Discriminator(_kind)
]
"""A published data set of either kind."""
