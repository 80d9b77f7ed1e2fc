import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DatasetError
from kedro.io.core import Version

from mnist_growth.datasets import DigitsDataset
from mnist_growth.digits import Digits
from mnist_growth.digits.idx import write_images
from mnist_growth.machine import files

FILES = ("digits.json", "images.idx3-ubyte", "labels.idx1-ubyte")


@pytest.fixture
def digits() -> Digits:
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    return Digits(images, np.arange(20) % 10, "small", "f" * 64)


def dataset(folder: Path, save: str | None = None, load: str | None = None) -> DigitsDataset:
    return DigitsDataset((folder / "train_digits").as_posix(), version=Version(load, save))


def files_of(folder: Path, version: str) -> list[Path]:
    return [folder / "train_digits" / version / "train_digits" / name for name in FILES]


def assert_equal(found: Digits, expected: Digits) -> None:
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert (found.dataset, found.fingerprint) == (expected.dataset, expected.fingerprint)


def test_digits_come_back_as_saved_and_mapped(digits: Digits, tmp_path: Path) -> None:
    dataset(tmp_path, save="1").save(digits)
    found = dataset(tmp_path).load()
    assert_equal(found, digits)
    assert isinstance(found.images, np.memmap)
    version = tmp_path / "train_digits" / "1" / "train_digits"
    assert sorted(path.name for path in version.iterdir()) == sorted(FILES)
    assert [path.name for path in version.parent.iterdir()] == ["train_digits"]


def test_the_newest_version_is_loaded_unless_another_is_asked_for(digits: Digits, tmp_path: Path) -> None:
    other = Digits(255 - digits.images, digits.labels, "small", "0" * 64)
    dataset(tmp_path, save="1").save(digits)
    dataset(tmp_path, save="2").save(other)
    assert_equal(dataset(tmp_path).load(), other)
    assert_equal(dataset(tmp_path, load="1").load(), digits)


def test_a_version_with_the_same_content_shares_its_files(digits: Digits, tmp_path: Path) -> None:
    dataset(tmp_path, save="1").save(digits)
    dataset(tmp_path, save="2").save(dataset(tmp_path).load())
    for first, second in zip(files_of(tmp_path, "1"), files_of(tmp_path, "2"), strict=True):
        assert os.path.samefile(first, second)  # noqa: PTH121
    assert_equal(dataset(tmp_path, load="2").load(), digits)


@pytest.mark.parametrize("pixel", [0, 1])
def test_a_version_with_other_content_has_its_own_files(pixel: int, digits: Digits, tmp_path: Path) -> None:
    dataset(tmp_path, save="1").save(digits)
    images = digits.images.copy()
    images[-1, -1, -1] ^= pixel  # the same fingerprint is claimed for other pixels, or another for the same
    dataset(tmp_path, save="2").save(Digits(images, digits.labels, "small", digits.fingerprint if pixel else "0" * 64))
    for first, second in zip(files_of(tmp_path, "1"), files_of(tmp_path, "2"), strict=True):
        assert not first.samefile(second)
    np.testing.assert_array_equal(dataset(tmp_path, load="2").load().images, images)


def test_a_damaged_newest_version_is_not_shared(digits: Digits, tmp_path: Path) -> None:
    dataset(tmp_path, save="1").save(digits)
    files_of(tmp_path, "1")[1].write_bytes(b"")
    dataset(tmp_path, save="2").save(digits)
    assert_equal(dataset(tmp_path, load="2").load(), digits)


def test_where_files_cannot_be_linked_they_are_written(
    digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def first_only(source: Path, target: Path) -> None:
        if target.name != FILES[1]:
            raise OSError(1, "Operation not permitted")
        link(source, target)

    monkeypatch.setattr(os, "link", first_only)
    dataset(tmp_path, save="1").save(digits)
    dataset(tmp_path, save="2").save(digits)
    assert_equal(dataset(tmp_path, load="2").load(), digits)
    assert not files_of(tmp_path, "1")[1].samefile(files_of(tmp_path, "2")[1])


def test_a_memory_map_is_saved_without_being_copied_into_memory(tmp_path: Path) -> None:
    images = np.zeros((20_000, 28, 28), np.uint8)  # 15.7 MB, in chunks of 3.2 MB
    write_images(tmp_path / "images", images)
    mapped = np.memmap(tmp_path / "images", np.uint8, mode="r", offset=16, shape=images.shape)
    big = Digits(mapped, np.arange(20_000) % 10, "big", "f" * 64)
    tracemalloc.start()
    try:
        for version in ("1", "2"):
            dataset(tmp_path, save=version).save(big)
        dataset(tmp_path).load()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8e6


def test_without_a_version_the_pipeline_to_run_is_named(tmp_path: Path) -> None:
    assert not dataset(tmp_path).exists()
    with pytest.raises(DatasetError, match="train_digits") as refusal:
        dataset(tmp_path).load()
    assert "create one with `kedro run --pipeline ingest`" in str(refusal.value.__cause__)


def test_a_version_that_does_not_exist_is_refused_with_those_that_do(digits: Digits, tmp_path: Path) -> None:
    dataset(tmp_path, save="1").save(digits)
    assert dataset(tmp_path).exists()
    with pytest.raises(DatasetError, match=r"no train_digits of version 7: .* has 1"):
        dataset(tmp_path, load="7").load()


def test_versions_are_required(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no versions: add `versioned: true` to it"):
        DigitsDataset((tmp_path / "train_digits").as_posix())


DESCRIPTION = {"dataset": "small", "fingerprint": "", "count": 20, "preparation": {"form": "mnist", "ink": "light"}}
DESCRIPTION |= {"class_names": [str(digit) for digit in range(10)], "sha256": {}}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("images.idx3-ubyte", b"", "images.idx3-ubyte is truncated"),
        ("labels.idx1-ubyte", b"\0\0\x08\x01\0\0\0\x01\0", "contains 20 images but .* contains 1 labels"),
        (
            "digits.json",
            b"{",
            "digits.json is damaged; expected JSON with dataset, .* and sha256",
        ),
        ("digits.json", b"[]", "digits.json is damaged"),
        ("digits.json", b'{"dataset": "small"}', "digits.json is damaged"),
        ("digits.json", json.dumps(DESCRIPTION | {"preparation": {"form": "?"}}).encode(), "digits.json is damaged"),
        (
            "digits.json",
            json.dumps(DESCRIPTION | {"count": 21}).encode(),
            "contains 20 images; expected 21 as in .*digits.json",
        ),
    ],
)
def test_a_damaged_version_is_refused(name: str, content: bytes, sentence: str, digits: Digits, tmp_path: Path) -> None:
    dataset(tmp_path, save="1").save(digits)
    (tmp_path / "train_digits" / "1" / "train_digits" / name).write_bytes(content)
    with pytest.raises(DatasetError, match=sentence) as refusal:
        dataset(tmp_path).load()
    assert type(refusal.value.__cause__) is ValueError


@pytest.mark.parametrize(("name", "offset"), [("images.idx3-ubyte", 5000), ("labels.idx1-ubyte", 9)])
def test_a_flipped_byte_is_noticed(name: str, offset: int, digits: Digits, tmp_path: Path) -> None:
    """Also after the digits were loaded before by the same process, as a service or a notebook does."""
    dataset(tmp_path, save="1").save(digits)
    assert_equal(dataset(tmp_path).load(), digits)
    path = tmp_path / "train_digits" / "1" / "train_digits" / name
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=f"{name} has changed since it was written, its SHA-256 is not"):
        dataset(tmp_path).load()


def test_files_are_hashed_once(digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset(tmp_path, save="1").save(digits)
    dataset(tmp_path).load()
    monkeypatch.delattr("mnist_growth.datasets.digits._sha256")
    assert_equal(dataset(tmp_path).load(), digits)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_save_that_fails_leaves_nothing(
    error: BaseException, digits: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush: Any = files.flush_to_disk

    def fail_at_the_labels(path: Path) -> None:
        if "labels" in path.name:
            raise error
        flush(path)

    monkeypatch.setattr(files, "flush_to_disk", fail_at_the_labels)
    with pytest.raises((DatasetError, KeyboardInterrupt)) as refusal:
        dataset(tmp_path, save="1").save(digits)
    assert list(tmp_path.iterdir()) == []
    if isinstance(error, OSError):
        [note] = refusal.value.__cause__.__notes__  # the command puts it before what the system says
        assert note == f"Cannot save {tmp_path}/train_digits/1/train_digits"
        assert refusal.value.__cause__.strerror == "No space left on device"
