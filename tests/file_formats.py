"""Files of images in many formats."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Images = NDArray[np.uint8]


def write_csv(
    path: Path,
    images: NDArray[np.generic],
    labels: NDArray[np.int64] | None = None,
    header: bool = True,
    last: bool = False,
) -> Path:
    """A table as on Kaggle: an optional label, first or last, and a column for each pixel."""
    pixels = images.reshape(len(images), -1)
    names = [f"pixel{position}" for position in range(pixels.shape[1])]
    rows = pixels.tolist()
    if labels is not None:
        rows = [[*row, label] if last else [label, *row] for row, label in zip(rows, labels.tolist(), strict=True)]
        names = [*names, "label"] if last else ["label", *names]
    lines = [names, *rows] if header else rows
    path.write_text("\n".join(",".join(map(str, line)) for line in lines) + "\n")
    return path


def png(image: Images) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
