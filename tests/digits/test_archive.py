import hashlib
import logging
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import configured
from mnist_growth.digits import ArchiveConfig, DigitSet, load_archive
from mnist_growth.digits.idx import write_labels
from mnist_growth.digits.idx_set import IDX_NAMES


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw"


def changed(archive: ArchiveConfig, mirrors: list[str] | None = None, **digests: str | None) -> ArchiveConfig:
    """The archive with other mirrors or with these digests for its training images."""
    values = archive.model_dump()
    values["mirrors"] = mirrors or []
    values["files"]["train_images"] |= digests
    return ArchiveConfig.model_validate(values)


def without_digests(archive: ArchiveConfig) -> ArchiveConfig:
    values = archive.model_dump()
    for file in values["files"].values():
        file["sha256"] = None
    return ArchiveConfig.model_validate(values)


def assert_same(found: DigitSet, expected: DigitSet) -> None:
    np.testing.assert_array_equal(found.train.images, expected.train.images)
    np.testing.assert_array_equal(found.test.labels, expected.test.labels)
    assert found.fingerprint == expected.fingerprint


def test_existing_files_are_verified_and_used(
    archive: ArchiveConfig, small_set: DigitSet, mirror: Path, raw: Path, sha256: dict[str, str]
) -> None:
    shutil.copytree(mirror, raw / "small")
    found = load_archive("small", {"small": archive}, raw)
    assert_same(found, small_set)
    assert (found.dataset, found.requested, found.source) == ("small", "small", str(raw / "small"))
    assert found.files[IDX_NAMES.train_images] == {"sha256": sha256["train_images"]}


@pytest.mark.parametrize("spelling", [str, lambda name: name.replace("-idx", ".idx")])
def test_plain_files_and_dotted_names_are_found(
    spelling: Any, archive: ArchiveConfig, small_set: DigitSet, idx_folder: Path, raw: Path
) -> None:
    shutil.copytree(idx_folder, raw / "small")
    for name in IDX_NAMES:
        (raw / "small" / name).rename(raw / "small" / spelling(name))
    assert_same(load_archive("small", {"small": archive}, raw), small_set)


def test_missing_files_are_downloaded_once(archive: ArchiveConfig, small_set: DigitSet, server: Any, raw: Path) -> None:
    archives = {"small": changed(archive, [server.address])}
    found = load_archive("small", archives, raw)
    assert_same(found, small_set)
    assert found.source == server.address
    assert sorted(server.requested) == sorted(f"/{name}.gz" for name in IDX_NAMES)
    server.requested.clear()
    assert_same(load_archive("small", archives, raw), small_set)
    assert server.requested == []


def test_first_mirror_is_tried_before_those_of_the_catalog(
    archive: ArchiveConfig, server: Any, mirror: Path, raw: Path
) -> None:
    found = load_archive("small", {"small": changed(archive, [server.address])}, raw, first_mirror=str(mirror))
    assert found.source == str(mirror)
    assert server.requested == []


def test_existing_file_with_wrong_digest_is_rejected(
    archive: ArchiveConfig, mirror: Path, raw: Path, sha256: dict[str, str]
) -> None:
    shutil.copytree(mirror, raw / "small")
    sentence = (
        rf"train-images-idx3-ubyte.gz has the SHA-256 \(decompressed\) digest {sha256['train_images']}, "
        rf"expected {'0' * 64}: delete it to download it again$"
    )
    with pytest.raises(ValueError, match=sentence):
        load_archive("small", {"small": changed(archive, sha256="0" * 64)}, raw)


def test_existing_damaged_file_is_rejected(archive: ArchiveConfig, mirror: Path, raw: Path) -> None:
    shutil.copytree(mirror, raw / "small")
    path = raw / "small" / f"{IDX_NAMES.test_labels}.gz"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match=rf"^{path} is not a valid gzip file .*: delete it to download it again$"):
        load_archive("small", {"small": archive}, raw)


def test_error_names_mirror_with_wrong_digest_and_keeps_no_file(
    archive: ArchiveConfig, server: Any, raw: Path, sha256: dict[str, str]
) -> None:
    config = changed(archive, [server.address, f"{server.address}gone/"], sha256="0" * 64)
    sentence = (
        rf"^{server.address}train-images-idx3-ubyte.gz has the SHA-256 \(decompressed\) digest "
        rf"{sha256['train_images']}, expected {'0' * 64}: put its files into .*small or set MNIST_GROWTH_MIRROR"
    )
    # The sample does not replace even MNIST then: a mirror provides incorrect files.
    for name in ("small", "mnist"):
        with pytest.raises(ValueError, match=sentence.replace("small", name)):
            load_archive(name, {name: config}, raw)
        assert not list((raw / name).iterdir())


def test_error_names_mirror_that_sends_a_web_page(archive: ArchiveConfig, server: Any, raw: Path) -> None:
    server.answer(f"{IDX_NAMES.train_images}.gz", 200, b"<html>Please log in</html>")
    with pytest.raises(ValueError, match=rf"^{server.address}train-images-idx3-ubyte.gz is an HTML page"):
        load_archive("small", {"small": changed(archive, [server.address])}, raw)
    assert not list((raw / "small").iterdir())


def test_sample_replaces_mnist_with_a_warning_if_no_mirror_responds(
    archive: ArchiveConfig, raw: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="mnist_growth"):
        found = load_archive("mnist", {"mnist": changed(archive, ["no/such/folder"])}, raw)
    assert (found.dataset, found.requested, len(found.train), len(found.test)) == ("sample", "mnist", 4500, 500)
    (record,) = [record for record in caplog.records if record.name.startswith("mnist_growth")]
    for part in ("sample of 5,000 digits", "no/such/folder", str(raw / "mnist"), "MNIST_GROWTH_MIRROR"):
        assert part in record.getMessage()
    assert not raw.exists()


def test_other_datasets_fail_if_no_mirror_responds(archive: ArchiveConfig, raw: Path) -> None:
    with pytest.raises(OSError, match=r"No mirror provides .*no/such/folder.*: put its files into .*small or set"):
        load_archive("small", {"small": changed(archive, ["no/such/folder"])}, raw)


def test_sample_needs_neither_network_nor_folder(raw: Path) -> None:
    assert load_archive("sample", {}, raw).requested == "sample"
    assert not raw.exists()


def test_user_folder_is_read(idx_folder: Path, small_set: DigitSet, raw: Path) -> None:
    assert_same(load_archive("folder", {}, raw, own=configured.archive(path=str(idx_folder))), small_set)
    with pytest.raises(ValueError, match=r"archive\.path is not set: set it to your digits"):
        load_archive("folder", {}, raw)


@pytest.mark.parametrize(
    ("name", "end"), [("mnits", "; did you mean mnist?"), ("Sample", "; did you mean sample?"), ("letters", "folder")]
)
def test_error_for_unknown_name_lists_valid_names(name: str, end: str, archive: ArchiveConfig, raw: Path) -> None:
    sentence = f"There is no dataset named '{name}', expected one of mnist, sample, folder"
    with pytest.raises(ValueError, match=re.escape(sentence)) as refusal:
        load_archive(name, {"mnist": archive}, raw)
    assert str(refusal.value).endswith(end)


def test_unpublished_digests_are_recorded_and_checked_afterwards(
    archive: ArchiveConfig, idx_folder: Path, raw: Path, sha256: dict[str, str]
) -> None:
    archives = {"small": without_digests(archive)}
    shutil.copytree(idx_folder, raw / "small")
    load_archive("small", archives, raw)
    lines = (raw / "small" / "SHA256SUMS").read_text().splitlines()
    assert sorted(lines) == sorted(f"{digest}  {name}" for digest, name in zip(sha256.values(), IDX_NAMES, strict=True))
    load_archive("small", archives, raw)

    write_labels(raw / "small" / IDX_NAMES.test_labels, np.zeros(20, np.int64))
    with pytest.raises(ValueError, match=rf"t10k-labels.* expected {sha256['test_labels']}"):
        load_archive("small", archives, raw)


def test_published_digests_are_not_recorded(archive: ArchiveConfig, mirror: Path, raw: Path) -> None:
    load_archive("small", {"small": archive}, raw, first_mirror=str(mirror))
    assert not (raw / "small" / "SHA256SUMS").exists()


def test_published_md5_is_checked_if_sha256_is_unknown(
    archive: ArchiveConfig, mirror: Path, idx_folder: Path, raw: Path
) -> None:
    found = hashlib.md5((mirror / f"{IDX_NAMES.train_images}.gz").read_bytes()).hexdigest()
    right = {"small": changed(archive, sha256=None, gzip_md5=found)}
    wrong = {"small": changed(archive, sha256=None, gzip_md5="0" * 32)}

    with pytest.raises(ValueError, match=rf"{mirror}/train-images.*gz has the MD5 digest {found}, expected {'0' * 32}"):
        load_archive("small", wrong, raw, first_mirror=str(mirror))
    with pytest.raises(ValueError, match=f"{idx_folder}/train-images-idx3-ubyte has the MD5 digest"):
        load_archive("small", right, raw, first_mirror=str(idx_folder))
    load_archive("small", right, raw, first_mirror=str(mirror))
    (raw / "small" / "SHA256SUMS").unlink()
    with pytest.raises(ValueError, match=rf"{raw}/small/train-images.* MD5 .*: delete it to download it again"):
        load_archive("small", wrong, raw)
