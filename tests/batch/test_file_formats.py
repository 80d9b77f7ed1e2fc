"""Images to predict come in the formats in which they are passed around."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from file_formats import png, write_csv, write_zip
from mnist_growth.batch import open_source
from mnist_growth.digits import zip_file
from mnist_growth.digits.idx import write_images


def npz(path: Path, images: Any, **more: Any) -> Path:
    np.savez(path / "digits.npz", x=images, **more)
    return path / "digits.npz"


def npy(path: Path, images: Any) -> Path:
    np.save(path / "digits.npy", images)
    return path / "digits.npy"


def zipped_idx(path: Path, images: Any) -> Path:
    write_images(path / "images", images)
    return write_zip(path / "images.zip", {"t10k-images-idx3-ubyte": (path / "images").read_bytes()})


def gzipped_csv(path: Path, images: Any) -> Path:
    plain = write_csv(path / "test.csv", images)
    (path / "test.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    return path / "test.csv.gz"


FORMATS: dict[str, Callable[[Path, Any], Path]] = {
    "CSV": lambda path, images: write_csv(path / "test.csv", images),
    "CSV without header": lambda path, images: write_csv(path / "test.csv", images, header=False),
    "CSV with labels": lambda path, images: write_csv(path / "test.csv", images, np.arange(len(images)) % 10),
    "CSV of fractions": lambda path, images: write_csv(path / "test.csv", images / 255),
    "CSV in gzip": gzipped_csv,
    "npy": npy,
    "npy of fractions": lambda path, images: npy(path, images.astype(np.float32) / 255),
    "npy of rows": lambda path, images: npy(path, images.reshape(-1, 784).astype(np.int64)),
    "npy with channels": lambda path, images: npy(path, images[..., None]),
    "npz": npz,
    "npz with labels": lambda path, images: npz(path, images, y=np.arange(len(images))),
    "zip of images": lambda path, images: write_zip(
        path / "digits.zip", {f"{position:02}.png": png(image) for position, image in enumerate(images)}
    ),
    "zip of IDX": zipped_idx,
    "zip of CSV": lambda path, images: write_zip(
        path / "digits.zip", {"test.csv": write_csv(path / "test.csv", images).read_bytes()}
    ),
}


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_same_images(form: str, tmp_path: Path, digits: np.ndarray) -> None:
    source = open_source(str(FORMATS[form](tmp_path, digits)))
    assert len(source) == len(digits)
    pictures = list(source)
    assert [picture.error for picture in pictures] == [""] * len(digits)
    np.testing.assert_array_equal([picture.pixels for picture in pictures], digits)


def test_one_image_file(tmp_path: Path, digits: np.ndarray) -> None:
    (tmp_path / "seven.png").write_bytes(png(digits[0]))
    [picture] = open_source(str(tmp_path / "seven.png"))
    assert picture.name == "seven.png"
    np.testing.assert_array_equal(picture.pixels, digits[0])


def test_images_of_other_sizes_are_read(tmp_path: Path, digits: np.ndarray) -> None:
    large = np.pad(digits, ((0, 0), (2, 2), (2, 2)))
    for path in (write_csv(tmp_path / "test.csv", large), npy(tmp_path, large)):
        np.testing.assert_array_equal([picture.pixels for picture in open_source(str(path))], large)


def test_files_of_emnist_are_turned(tmp_path: Path, digits: np.ndarray) -> None:
    path = tmp_path / "emnist-letters-test-images-idx3-ubyte"
    write_images(path, digits.swapaxes(1, 2))
    np.testing.assert_array_equal([picture.pixels for picture in open_source(str(path))], digits)
    stored = open_source(str(path), transposed=False)
    np.testing.assert_array_equal([picture.pixels for picture in stored], digits.swapaxes(1, 2))
    (tmp_path / "digit.png").write_bytes(png(digits[0].T))
    [turned] = open_source(str(tmp_path / "digit.png"), transposed=True)
    np.testing.assert_array_equal(turned.pixels, digits[0])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<html></html>", "is an HTML page; expected a folder"),
        (b"%PDF-1.4 \xff", "is a PDF document; expected a folder"),
        (b"\0\0\x08\x01\0\0\0\x01\x05", "is an IDX file of labels; expected"),
        (gzip.compress(png(np.zeros((28, 28), np.uint8)), mtime=0), "is a PNG image, gzipped: unpack it; expected"),
        (b"", "is empty; expected"),
        (b"a,b\n1,2\n", "has 2 columns, expected 784 grey values of 28 x 28 pixels"),
    ],
)
def test_other_files_are_named_for_what_they_are(content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_bytes(content)
    with pytest.raises(ValueError, match=f"file.csv {sentence}"):
        open_source(str(tmp_path / "file.csv"))


@pytest.mark.parametrize("change", [lambda images: images // 16, lambda images: images / 127.5 - 1])
def test_other_scales_are_refused(change: Callable[[Any], Any], tmp_path: Path, digits: np.ndarray) -> None:
    for path in (npy(tmp_path, change(digits)), write_csv(tmp_path / "test.csv", change(digits))):
        with pytest.raises(ValueError, match="The grey values range from"):
            list(open_source(str(path)))


def test_several_arrays_of_images_are_refused(tmp_path: Path, digits: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"2 arrays of images \(x, other\), expected one: save the images to predict"):
        open_source(str(npz(tmp_path, digits, other=digits)))


def test_files_in_an_archive_that_are_no_images_are_reported(tmp_path: Path, digits: np.ndarray) -> None:
    files = {"a/1.png": png(digits[0]), "notes.txt": b"Do not read", "page.html": b"<html>", "__MACOSX/a/._1.png": b""}
    found = {picture.name: picture.error for picture in open_source(str(write_zip(tmp_path / "digits.zip", files)))}
    assert found == {
        "a/1.png": "",
        "notes.txt": "The file is a text file, expected an image",
        "page.html": "The file is an HTML page, expected an image",
    }


def test_an_archive_of_tables_is_refused(tmp_path: Path, digits: np.ndarray) -> None:
    table = write_csv(tmp_path / "test.csv", digits).read_bytes()
    with pytest.raises(ValueError, match="contains test.csv, train.csv: unpack it and give one of them"):
        open_source(str(write_zip(tmp_path / "digits.zip", {"train.csv": table, "test.csv": table})))


@pytest.mark.parametrize("name", ["../out.png", "/out.png", "a/../../out.png", "..\\out.png", "C:/out.png"])
def test_names_that_lead_out_of_an_archive_are_refused(name: str, tmp_path: Path, digits: np.ndarray) -> None:
    path = write_zip(tmp_path / "digits.zip", {name: png(digits[0])})
    with pytest.raises(ValueError, match="outside of it, which is not safe"):
        open_source(str(path))


def test_an_archive_that_grows_without_limit_is_refused(
    tmp_path: Path, digits: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_zip(tmp_path / "digits.zip", {"0.png": png(digits[0]), "1.png": bytes(100_000)})
    monkeypatch.setattr(zip_file, "MAX_BYTES", 100_000)
    with pytest.raises(ValueError, match="2 files of .* bytes in total when unpacked, expected at most"):
        open_source(str(path))


def test_an_encrypted_archive_is_refused(tmp_path: Path, digits: np.ndarray) -> None:
    path = write_zip(tmp_path / "digits.zip", {"0.png": png(digits[0])})
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        offset = archive.start_dir
    content[offset + 8] |= 1  # flag in the central directory
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is encrypted: unpack it with its password"):
        open_source(str(path))
