"""What is known of a published set of digits: its files, their digests, and who offers them."""

from pydantic import Field

from mnist_growth.config_model import ConfigModel
from mnist_growth.digits.idx_set import IdxNames


class ArchiveFile(ConfigModel):
    """One IDX file and the digests that its publisher, or its users, agree on."""

    name: str = Field(min_length=1, pattern=r"^[^/\\]+$")
    """Name of the decompressed file; mirrors offer it with .gz added."""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """SHA-256 (hex) of the decompressed file; where it is not known it is recorded at first use."""
    gzip_md5: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    """MD5 (hex) of the gzipped file, where its publisher gives this one only."""


class ArchiveFiles(ConfigModel):
    """The four files of a set."""

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
        """The two files of images; the other two hold labels."""
        return self.train_images, self.test_images

    @property
    def names(self) -> IdxNames:
        """The names of the four files."""
        return IdxNames(*(file.name for file in self.all))


class ArchiveConfig(ConfigModel):
    """A published set of digits."""

    mirrors: tuple[str, ...] = Field(strict=False)
    """http(s) addresses and folders that offer the files, in the order in which they are asked."""
    files: ArchiveFiles
