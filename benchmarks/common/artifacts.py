"""The files that runs of the project have left in its data folder."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.paths import PROJECT
from mnist_growth.digits.idx import read_pair

NETWORK = "network.safetensors"


def versions(name: str, project: Path = PROJECT) -> list[Path]:
    """Return all versions of a versioned file or folder of the catalog, the newest last.

    Args:
        name: Name of the file, such as `network.safetensors`.
        project: Folder of the project.
    """
    return sorted((project / "data").glob(f"*/{name}/*/{name}"), key=lambda path: path.parent.name)


def newest(name: str, project: Path = PROJECT) -> Path:
    """Return the newest version of a versioned file or folder of the catalog.

    Raises:
        SystemExit: There is no version.
    """
    found = versions(name, project)
    if not found:
        raise SystemExit(f"There is no {name} in {project / 'data'}: run the pipeline that makes it first.")
    return found[-1]


def digits_of(
    fingerprint: str, part: str, project: Path = PROJECT
) -> tuple[NDArray[np.uint8], NDArray[np.int64]] | None:
    """Return images and labels of the ingested digits that have a fingerprint; None where there are none.

    Args:
        fingerprint: Fingerprint of the data set, as a network carries it.
        part: `train` or `test`.
        project: Folder of the project.
    """
    for folder in reversed(versions(f"{part}_digits", project)):
        if json.loads((folder / "digits.json").read_text("utf-8"))["fingerprint"] == fingerprint:
            return read_pair(folder / "images.idx3-ubyte", folder / "labels.idx1-ubyte")
    return None
