"""Files are recognised by their content, whatever they are called."""

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest

from file_formats import png, write_zip
from mnist_growth.digits.content import content_of

BLACK = np.zeros((28, 28), np.uint8)
CONTENTS = {
    "a PNG image": ("image", png(BLACK)),
    "a JPEG image": ("image", b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
    "a WebP image": ("image", b"RIFF\x10\0\0\0WEBPVP8 "),
    "a PGM image": ("image", b"P5 28 28 255\n" + bytes(784)),
    "a BMP image": ("image", b"BM\x36\0\0\0\0\0"),
    "an IDX file of images": ("idx_images", b"\0\0\x08\x03\0\0\0\x01"),
    "an IDX file of labels": ("idx_labels", b"\0\0\x08\x01\0\0\0\x01"),
    "an IDX file of float32 with 3 axes": ("other", b"\0\0\x0d\x03\0\0\0\x01"),
    "an npy array": ("npy", b"\x93NUMPY\x01\0"),
    "a parquet table": ("parquet", b"PAR1\x15\x04"),
    "a CSV table": ("csv", b"label,pixel0,pixel1\n5,0,0\n"),
    "an HTML page": ("other", b"<!DOCTYPE html>\n<html><body>Log in</body></html>"),
    "an XML document": ("other", b"<?xml version='1.0'?><Error/>"),
    "an SVG drawing": ("other", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>"),
    "a JSON document": ("other", b'{"message": "Not found"}'),
    "a PDF document": ("other", b"%PDF-1.7\n%\xe2\xe3"),
    "a pickle file": ("other", pickle.dumps([1, 2])),
    "a Git LFS pointer and not the file itself": ("other", b"version https://git-lfs.github.com/spec/v1\n"),
    "a text file": ("other", b"Bitte nicht lesen"),
    "empty": ("other", b""),
    "a tar archive": ("other", bytes(257) + b"ustar\x0000" + bytes(300)),
    "a binary file of an unknown format": ("other", b"\x01\x02\x03\x04\xff\xfe"),
}


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("description", CONTENTS)
def test_content_decides(description: str, gzipped: bool, tmp_path: Path) -> None:
    kind, content = CONTENTS[description]
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(gzip.compress(content) if gzipped else content)
    assert content_of(path) == (kind, description, gzipped)


@pytest.mark.parametrize(
    ("members", "kind", "description"),
    [
        (["0.png", "1.png"], "zip", "a zip archive"),
        (["x_train.npy", "y_train.npy"], "npz", "an npz file of arrays"),
        (["[Content_Types].xml", "xl/workbook.xml"], "other", "an Excel workbook"),
        (["word/document.xml"], "other", "a Word document"),
        (["network/data.pkl"], "other", "a PyTorch file"),
    ],
)
def test_archives_are_told_apart_by_their_members(
    members: list[str], kind: str, description: str, tmp_path: Path
) -> None:
    path = write_zip(tmp_path / "file", dict.fromkeys(members, b""))
    assert content_of(path)[:2] == (kind, description)


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut", b"\x1f\x8b cut"])
def test_a_cut_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not a (complete zip archive|valid gzip file)"):
        content_of(path)
