"""Configuration of a published data set: its files, their digests and its mirrors."""

from pydantic import Field

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


class ArchiveConfig(ConfigModel):
    """A published data set."""

    mirrors: tuple[str, ...] = Field(strict=False)
    """http(s) addresses and folders that provide the files, in the order in which they are tried."""
    files: ArchiveFiles
