"""The IDX format of the MNIST files: a big-endian header, then one byte per pixel or label.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section "File formats".
A header is the magic number (2051 for images, 2049 for labels) and one size per axis, each an unsigned 32-bit
integer. Sizes in the header are checked against the file size before memory is allocated.
"""

import gzip
import hashlib
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.content import content_of
from mnist_growth.digits.digits import IMAGE_SIDE, NUM_CLASSES
from mnist_growth.machine.files import atomic_path

IMAGES_MAGIC = 0x00000803  # unsigned bytes, three axes
LABELS_MAGIC = 0x00000801  # unsigned bytes, one axis

_CHUNK = 4096  # items written or hashed at once, so that memory maps larger than memory stay on disk
_MAX_DEFLATE_RATIO = 1032  # no deflate stream expands further: zlib, "Technical Details", "Maximum Compression Factor"


def read_images(path: Path, *, any_size: bool = False) -> NDArray[np.uint8]:
    """Read an IDX file of images: decompress it if it is gzipped, memory-map it otherwise.

    Args:
        path: Path of the file.
        any_size: Whether images of other sizes than 28 x 28 pixels are accepted.

    Returns:
        Grey values, uint8 of shape [N, 28, 28], or [N, H, W]. A memory map is read-only.

    Raises:
        ValueError: The content is not a complete IDX file of at least one such image, or bytes follow it.
        OSError: The file cannot be read.
    """
    images = _read(path, IMAGES_MAGIC, "images")
    if not any_size and images.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
        raise ValueError(
            f"{path} contains images of {images.shape[1]} x {images.shape[2]} pixels, "
            f"expected {IMAGE_SIDE} x {IMAGE_SIDE}"
        )
    return images


def read_labels(path: Path, classes: int = NUM_CLASSES) -> NDArray[np.int64]:
    """Read an IDX file of labels, plain or gzipped.

    Args:
        path: Path of the file.
        classes: Number of classes.

    Returns:
        Labels from 0, int64 of shape [N].

    Raises:
        ValueError: The content is not a complete IDX file of at least one label of these classes, or bytes follow it.
        OSError: The file cannot be read.
    """
    labels = _read(path, LABELS_MAGIC, "labels")
    if labels.max() >= classes:
        raise ValueError(f"{path} contains the label {labels.max()}, expected labels from 0 to {classes - 1}")
    return labels.astype(np.int64)


def read_pair(
    images_path: Path, labels_path: Path, classes: int = NUM_CLASSES
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read images uint8 [N, 28, 28] and their labels int64 [N] from two IDX files.

    Raises:
        ValueError: A file is invalid, or the counts differ.
        OSError: A file cannot be read.
    """
    images, labels = read_images(images_path), read_labels(labels_path, classes)
    if len(images) != len(labels):
        raise ValueError(
            f"{images_path} contains {len(images)} images but {labels_path} contains {len(labels)} labels, "
            "expected as many labels as images"
        )
    return images, labels


def write_images(path: Path, images: NDArray[np.uint8]) -> None:
    """Write images, uint8 [N, 28, 28], as an IDX file, atomically.

    Raises:
        OSError: The folder cannot be written to, or the disk is full.
    """
    _write(path, IMAGES_MAGIC, images)


def write_labels(path: Path, labels: NDArray[np.int64]) -> None:
    """Write labels 0 to 255, int64 [N], as an IDX file, atomically.

    Raises:
        OSError: The folder cannot be written to, or the disk is full.
    """
    _write(path, LABELS_MAGIC, labels)


def is_gzip(path: Path) -> bool:
    """Return whether the content of a file is gzipped; its name is unreliable, as browsers decompress .gz files."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def images_sha256(images: NDArray[np.uint8]) -> str:
    """Return the SHA-256 (hex) of the decompressed IDX file of these images, uint8 [N, 28, 28]."""
    return _sha256(IMAGES_MAGIC, images)


def labels_sha256(labels: NDArray[np.int64]) -> str:
    """Return the SHA-256 (hex) of the decompressed IDX file of these labels, int64 [N]."""
    return _sha256(LABELS_MAGIC, labels)


def _content(magic: int, array: NDArray[np.uint8] | NDArray[np.int64]) -> Iterator[bytes | memoryview]:
    """Yield the bytes of an IDX file in chunks."""
    yield struct.pack(f">I{array.ndim}I", magic, *array.shape)
    for start in range(0, len(array), _CHUNK):
        yield np.ascontiguousarray(array[start : start + _CHUNK], dtype=np.uint8).data


def _write(path: Path, magic: int, array: NDArray[np.uint8] | NDArray[np.int64]) -> None:
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.writelines(_content(magic, array))


def _sha256(magic: int, array: NDArray[np.uint8] | NDArray[np.int64]) -> str:
    digest = hashlib.sha256()
    for chunk in _content(magic, array):
        digest.update(chunk)
    return digest.hexdigest()


def _read(path: Path, magic: int, kind: str) -> NDArray[np.uint8]:
    """Read the array of an IDX file with this magic number."""
    file_size = path.stat().st_size
    if not is_gzip(path):
        with path.open("rb") as file:
            shape = _read_shape(path, file, magic, kind, file_size)
            header_size = file.tell()
            surplus = file_size - header_size - math.prod(shape)
            if surplus > 0:
                raise _trailing_bytes(path, kind, shape)
            return np.memmap(file, np.uint8, mode="r", offset=header_size, shape=shape)
    try:
        with gzip.open(path, "rb") as stream:
            shape = _read_shape(path, stream, magic, kind, file_size * _MAX_DEFLATE_RATIO)
            array = np.empty(shape, np.uint8)
            if _fill(stream.readinto, array) < array.size:
                raise _truncated(path, kind, shape)
            if stream.read(1):
                raise _trailing_bytes(path, kind, shape)
            return array
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"{path} is not a valid gzip file ({reason})") from None


def _read_shape(path: Path, file: BinaryIO | gzip.GzipFile, magic: int, kind: str, max_bytes: int) -> tuple[int, ...]:
    """Read the shape in a header; raise ValueError if the file would exceed `max_bytes` bytes."""
    axes = magic & 0xFF
    header_format = f">I{axes}I"
    header = file.read(struct.calcsize(header_format))
    if len(header) >= 4 and struct.unpack(">I", header[:4])[0] != magic:
        raise ValueError(f"{path} is {content_of(path).description}, expected an IDX file of {kind} (or gzip)")
    if len(header) < struct.calcsize(header_format):
        raise ValueError(f"{path} is truncated: it ends within the header, expected an IDX file of {kind}")
    shape: tuple[int, ...] = struct.unpack(header_format, header)[1:]
    if 0 in shape:
        raise ValueError(f"{path} is empty: its header declares {_sizes(shape)} {kind}, expected at least one")
    if len(header) + math.prod(shape) > max_bytes:
        raise _truncated(path, kind, shape)
    return shape


def _fill(readinto: Callable[[memoryview], int], array: NDArray[np.uint8]) -> int:
    """Read into the array until it is full or the file ends, and return the number of bytes read."""
    remaining = array.reshape(-1).data
    while remaining and (count := readinto(remaining)):
        remaining = remaining[count:]
    return array.size - len(remaining)


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)


def _truncated(path: Path, kind: str, shape: tuple[int, ...]) -> ValueError:
    return ValueError(f"{path} is truncated: its header declares {_sizes(shape)} {kind}, but the file is shorter")


def _trailing_bytes(path: Path, kind: str, shape: tuple[int, ...]) -> ValueError:
    return ValueError(f"{path} has trailing bytes after the {_sizes(shape)} {kind} that its header declares")
