import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_growth.digits.idx import (
    images_sha256,
    labels_sha256,
    read_images,
    read_labels,
    read_pair,
    write_images,
    write_labels,
)

PIXELS = bytes(range(256)) * 7
TWO_IMAGES = struct.pack(">4I", 2051, 2, 28, 28) + PIXELS[: 2 * 784]
THREE_LABELS = struct.pack(">2I", 2049, 3) + bytes([0, 5, 9])


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@settings(deadline=None, max_examples=20)
@given(
    images=hnp.arrays(np.uint8, st.tuples(st.integers(1, 5), st.just(28), st.just(28))),
    compressed=st.booleans(),
)
def test_written_images_are_read_back(
    images: np.ndarray, compressed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("idx") / "images"
    write_images(path, images)
    content = path.read_bytes()
    if compressed:
        path = write(path.parent, "images.gz", gzip.compress(content))
    np.testing.assert_array_equal(read_images(path), images)
    assert images_sha256(images) == hashlib.sha256(content).hexdigest()


@settings(deadline=None, max_examples=20)
@given(labels=hnp.arrays(np.int64, st.integers(1, 50), elements=st.integers(0, 9)), compressed=st.booleans())
def test_written_labels_are_read_back(
    labels: np.ndarray, compressed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("idx") / "labels"
    write_labels(path, labels)
    content = path.read_bytes()
    if compressed:
        path = write(path.parent, "labels.gz", gzip.compress(content))
    read = read_labels(path)
    assert read.dtype == np.int64
    np.testing.assert_array_equal(read, labels)
    assert labels_sha256(labels) == hashlib.sha256(content).hexdigest()


def test_chunked_writing_preserves_all_images(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (9001, 28, 28), np.uint8)
    write_images(tmp_path / "images", images)
    np.testing.assert_array_equal(read_images(tmp_path / "images"), images)


def test_layout_matches_published_format(tmp_path: Path) -> None:
    images = np.frombuffer(PIXELS[: 2 * 784], np.uint8).reshape(2, 28, 28)
    write_images(tmp_path / "images", images)
    write_labels(tmp_path / "labels", np.array([0, 5, 9]))
    assert (tmp_path / "images").read_bytes() == TWO_IMAGES
    assert (tmp_path / "labels").read_bytes() == THREE_LABELS


def test_plain_file_is_mapped_read_only(tmp_path: Path) -> None:
    path = write(tmp_path, "images", TWO_IMAGES)
    images = read_images(path)
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 7


def test_gzip_is_detected_by_content_not_by_name(tmp_path: Path) -> None:
    plain = write(tmp_path, "images.gz", TWO_IMAGES)
    zipped = write(tmp_path, "images", gzip.compress(TWO_IMAGES))
    np.testing.assert_array_equal(read_images(plain), read_images(zipped))


HEADER = struct.Struct(">4I")
GZIPPED = gzip.compress(TWO_IMAGES)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(TWO_IMAGES[:-1], "declares 2 x 28 x 28 images, but the file is shorter", id="short"),
        pytest.param(TWO_IMAGES[:10], "is truncated: it ends within the header", id="header"),
        pytest.param(b"", "is truncated: it ends within the header", id="nothing"),
        pytest.param(TWO_IMAGES + b"\0", "trailing bytes after the 2 x 28 x 28 images", id="long"),
        pytest.param(THREE_LABELS, "is an IDX file of labels, expected an IDX file of images", id="labels"),
        pytest.param(b"<html>not found</html>", "is an HTML page, expected an IDX file of images", id="html"),
        pytest.param(HEADER.pack(2051, 0, 28, 28), "is empty: its header declares 0 x 28 x 28", id="empty"),
        pytest.param(
            HEADER.pack(2051, 2, 32, 32) + bytes(2048),
            "images of 32 x 32 pixels, expected 28 x 28",
            id="32 x 32",
        ),
        pytest.param(HEADER.pack(2051, 2**32 - 1, 2**32 - 1, 2**32 - 1), "is truncated", id="huge"),
        pytest.param(gzip.compress(HEADER.pack(2051, 2**32 - 1, 28, 28)), "is truncated", id="huge gzip"),
        pytest.param(gzip.compress(TWO_IMAGES[:-1]), "is truncated", id="short gzip"),
        pytest.param(gzip.compress(TWO_IMAGES + bytes(10**7)), "trailing bytes", id="gzip bomb"),
        pytest.param(GZIPPED[:-8] + bytes(4) + GZIPPED[-4:], "not a valid gzip file .CRC check failed", id="CRC"),
        pytest.param(GZIPPED[:-20], "not a valid gzip file .Compressed file ended before", id="gzip ends"),
        pytest.param(GZIPPED + b"junk", "not a valid gzip file", id="after gzip"),
        pytest.param(b"\x1f\x8bjunk" * 10, "not a valid gzip file", id="no gzip"),
    ],
)
def test_invalid_images_are_rejected(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = write(tmp_path, "train-images", content)
    with pytest.raises(ValueError, match=sentence) as refusal:
        read_images(path)
    assert str(refusal.value).startswith(str(path))
    assert "\n" not in str(refusal.value)


def test_labels_above_nine_are_rejected(tmp_path: Path) -> None:
    path = write(tmp_path, "labels", THREE_LABELS[:-1] + b"\x0a")
    with pytest.raises(ValueError, match="contains the label 10, expected labels from 0 to 9"):
        read_labels(path)


def test_different_counts_of_images_and_labels_are_rejected(tmp_path: Path) -> None:
    images, labels = write(tmp_path, "images", TWO_IMAGES), write(tmp_path, "labels", THREE_LABELS)
    with pytest.raises(ValueError, match=r"contains 2 images but .*labels contains 3 labels"):
        read_pair(images, labels)


@settings(deadline=None, max_examples=200)
@given(
    gzipped=st.booleans(),
    edits=st.lists(st.tuples(st.integers(0, 40) | st.integers(0), st.binary(max_size=4)), min_size=1, max_size=4),
    length=st.none() | st.integers(0, 1600),
)
def test_mutated_files_neither_crash_nor_allocate_much(
    gzipped: bool,
    edits: list[tuple[int, bytes]],
    length: int | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    content = bytearray(GZIPPED if gzipped else TWO_IMAGES)
    for place, piece in edits:
        start = place % len(content)
        content[start : start + len(piece)] = piece
    path = write(tmp_path_factory.mktemp("fuzz"), "images", bytes(content[:length]))
    try:
        images = read_images(path)
    except ValueError as refusal:
        assert str(refusal).startswith(str(path))  # noqa: PT017
    else:
        assert images.shape[1:] == (28, 28)
        assert images.nbytes <= 1032 * path.stat().st_size


def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "images"
    write_images(path, np.zeros((1, 28, 28), np.uint8))
    before = path.read_bytes()

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "ascontiguousarray", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_images(path, np.ones((2, 28, 28), np.uint8))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["images"]
