"""Recognise what a file is by its content, because names are unreliable: browsers save error pages under any name."""

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import Literal, NamedTuple

Kind = Literal["idx_images", "idx_labels", "csv", "npy", "npz", "zip", "parquet", "image", "other"]

HEAD = 4096
"""Number of bytes at the beginning of a file by which it is recognised."""

UNKNOWN = "a binary file of an unknown format"

_IMAGES = {
    b"\x89PNG\r\n\x1a\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"BM": "a BMP image",
    b"II*\0": "a TIFF image",
    b"MM\0*": "a TIFF image",
    b"P1": "a PBM image",
    b"P2": "a PGM image",
    b"P3": "a PPM image",
    b"P4": "a PBM image",
    b"P5": "a PGM image",
    b"P6": "a PPM image",
}
_OTHERS = {
    b"%PDF": "a PDF document",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"ARROW1": "an Arrow file",
    b"MATLAB": "a MATLAB file",
    b"\xd0\xcf\x11\xe0": "a Microsoft Office document",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"\x80\x02": "a pickle file",
    b"\x80\x03": "a pickle file",
    b"\x80\x04": "a pickle file",
    b"\x80\x05": "a pickle file",
    b"version https://git-lfs": "a Git LFS pointer and not the file itself",
}
_ZIPPED = {
    "xl/workbook.xml": "an Excel workbook",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "META-INF/MANIFEST.MF": "a Java archive",
    "mimetype": "an OpenDocument or EPUB file",
}
_IDX_TYPES = {8: "bytes", 9: "signed bytes", 11: "16-bit integers", 12: "32-bit integers", 13: "float32", 14: "float64"}


class Content(NamedTuple):
    """What a file is.

    Attributes:
        kind: The formats that the project reads, or "other".
        description: The format in words, with its article.
        gzipped: Whether the file is compressed by gzip; the rest describes the decompressed content.
    """

    kind: Kind
    description: str
    gzipped: bool = False


def content_of(path: Path) -> Content:
    """Recognise the content of a file.

    Raises:
        ValueError: The file is not a complete gzip or zip file, though it begins as one.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    gzipped = head.startswith(b"\x1f\x8b")
    if gzipped:
        try:
            with gzip.open(path, "rb") as stream:
                head = stream.read(HEAD)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{path} is not a valid gzip file ({str(error).rstrip('.')})") from None
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Content(*recognise(head), gzipped)
    if gzipped:
        return Content("other", "a zip archive within a gzip file", gzipped)
    return Content(*_zipped(path))


def recognise(head: bytes) -> tuple[Kind, str]:
    """Return the kind and the description of content that begins with these bytes; zip archives are not opened."""
    if not head:
        return "other", "empty"
    if head[:2] == b"\0\0" and len(head) >= 4 and head[2] in _IDX_TYPES and head[3]:
        return _idx(head[2], head[3])
    if head.startswith(b"\x93NUMPY"):
        return "npy", "an npy array"
    if head.startswith(b"PAR1"):
        return "parquet", "a parquet table"
    if head.startswith(b"PK\x03\x04"):
        return "zip", "a zip archive"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image", "a WebP image"
    text = _as_text(head)
    for signature, description in _IMAGES.items():
        if head.startswith(signature) and (text is None or head[2:3] in b" \n\r\t#"):
            return "image", description
    for signature, description in _OTHERS.items():
        if head.startswith(signature) and (text is None or len(signature) > 2):
            return "other", description
    if head[257:262] == b"ustar":
        return "other", "a tar archive"
    return ("other", UNKNOWN) if text is None else _text(text)


def _idx(code: int, axes: int) -> tuple[Kind, str]:
    if code == 8 and axes in (1, 3):
        return ("idx_images", "an IDX file of images") if axes == 3 else ("idx_labels", "an IDX file of labels")
    return "other", f"an IDX file of {_IDX_TYPES[code]} with {axes} axes"


def _as_text(head: bytes) -> str | None:
    """Return the text, or None if the bytes are none; the last character may be cut."""
    if b"\0" in head:
        return None
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        return text if all(character.isprintable() or character in "\t\r\n\f" for character in text) else None
    return None


def _text(text: str) -> tuple[Kind, str]:
    begin = text.lstrip().lower()
    if begin.startswith(("<!doctype html", "<html")) or "<html" in begin[:1000]:
        return "other", "an HTML page"
    if begin.startswith(("<?xml", "<svg")):
        return "other", "an SVG drawing" if "<svg" in begin else "an XML document"
    if begin.startswith(("{", "[")):
        return "other", "a JSON document"
    first = begin.split("\n", 1)[0]
    if any(delimiter in first for delimiter in ",;\t"):
        return "csv", "a CSV table"
    return "other", "a text file"


def _zipped(path: Path) -> tuple[Kind, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ValueError(f"{path} is not a complete zip archive ({error})") from None
    for member, description in _ZIPPED.items():
        if member in names:
            return "other", description
    if any(name.endswith("/data.pkl") for name in names):
        return "other", "a PyTorch file"
    if names and all(name.endswith(".npy") and "/" not in name for name in names):
        return "npz", "an npz file of arrays"
    return "zip", "a zip archive"
