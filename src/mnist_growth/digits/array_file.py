"""Images and labels in numpy's files: npy (one array) and npz (several)."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.digits.scale import grey_factor, to_grey_values
from mnist_growth.digits.size_budget import size_budget

_CHUNK = 4096  # images converted at once
_PIXELS = IMAGE_SIDE * IMAGE_SIDE
Array = NDArray[np.generic]


def read_arrays(path: Path) -> dict[str, Array]:
    """Read an npy file, memory-mapped and under the name "array", or all arrays of an npz file.

    Raises:
        ValueError: The file is damaged, too large, or contains Python objects.
        OSError: The file cannot be read.
    """
    try:
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"array": loaded}
        with loaded:
            size = sum(member.file_size for member in loaded.zip.infolist())
            if size > (budget := size_budget(path)):
                raise ValueError(f"it has {size:,} bytes decompressed, expected at most {budget:,} for its size")
            return {name: loaded[name] for name in loaded.files}
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, KeyError, MemoryError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path} is not a readable file of arrays ({reason})") from None


def image_stack(array: Array, name: str) -> Array:
    """Return an array of images as [N, H, W]: a view without axes of length 1 for channels.

    Args:
        array: [N, H, W], [N, H, W, 1], [N, 1, H, W], [N, 784], or one image [H, W].
        name: What the array is called in error messages.

    Raises:
        ValueError: The array has another shape.
    """
    if array.ndim == 4 and 1 in (array.shape[1], array.shape[3]):
        array = array[:, 0] if array.shape[1] == 1 else array[..., 0]
    elif array.ndim == 2 and array.shape[1] == _PIXELS:
        array = array.reshape(-1, IMAGE_SIDE, IMAGE_SIDE)
    elif array.ndim == 2 and min(array.shape) > 1:
        array = array[np.newaxis]
    if array.ndim != 3 or 0 in array.shape or array.dtype.kind not in "buif":
        raise ValueError(
            f"{name} contains {array.dtype} {list(array.shape)}, expected numbers of the shape [N, height, width] or "
            f"[N, {_PIXELS}] with N >= 1"
        )
    return array


def grey_images(stack: Array) -> NDArray[np.uint8]:
    """Return images [N, H, W] of any numeric dtype as grey values, uint8; uint8 arrays are returned as they are.

    Raises:
        ValueError: The values are on another scale.
    """
    factor_of(stack)
    if stack.dtype == np.uint8:
        return stack.view(np.uint8)
    return np.concatenate(list(grey_chunks(stack)))


def grey_chunks(stack: Array) -> Iterator[NDArray[np.uint8]]:
    """Yield images [N, H, W] as grey values, uint8, in chunks; all chunks have the same scale.

    Raises:
        ValueError: The values are on another scale.
    """
    factor = factor_of(stack)
    for start in range(0, len(stack), _CHUNK):
        chunk = stack[start : start + _CHUNK]
        if chunk.dtype.kind == "f":
            yield np.rint(np.clip(chunk.astype(np.float64) * factor, 0, 255)).astype(np.uint8)
        else:
            yield to_grey_values(chunk) if chunk.dtype.kind == "b" else chunk.astype(np.uint8)


def factor_of(stack: Array) -> float:
    """Return the number that converts the values of all images to 0..255, read in chunks.

    Raises:
        ValueError: The values are on another scale.
    """
    if stack.dtype.kind == "b":
        return 255.0
    chunks = [stack[start : start + _CHUNK] for start in range(0, len(stack), _CHUNK)]
    ranges = np.array([(chunk.min(), chunk.max()) for chunk in chunks], np.float64)
    return grey_factor(ranges[:, 0].min(), ranges[:, 1].max(), is_float=stack.dtype.kind == "f")


def labels_of(array: Array, name: str) -> NDArray[np.int64]:
    """Return an array of labels, [N] or [N, 1] of whole numbers, or one-hot [N, C], as int64 [N].

    Raises:
        ValueError: The array has another shape or other values.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    elif array.ndim == 2 and array.dtype.kind in "buif" and bool((np.sort(array, axis=1)[:, :-1] == 0).all()):
        array = array.argmax(axis=1)
    is_whole = array.dtype.kind in "uif" and bool((np.isfinite(array) & (array == np.floor(array))).all())
    if array.ndim != 1 or not is_whole:
        raise ValueError(f"{name} contains {array.dtype} {list(array.shape)}, expected whole numbers of the shape [N]")
    return array.astype(np.int64)


def pick(arrays: Mapping[str, Array], part: str, kind: str) -> str | None:
    """Return the name of the array of a part and kind among the usual names, or None.

    Args:
        arrays: Arrays by name, as in Keras (x_train), MedMNIST (train_images) and similar files.
        part: "train" or "test".
        kind: "images" or "labels".
    """
    stems = {"images": ("x", "images", "image", "imgs", "data"), "labels": ("y", "labels", "label", "targets")}[kind]
    names = {name.lower(): name for name in arrays}
    for stem in stems:
        for candidate in (f"{stem}_{part}", f"{part}_{stem}", f"{part}-{stem}", f"{stem}-{part}", f"{stem}{part}"):
            if candidate in names:
                return names[candidate]
    return None
