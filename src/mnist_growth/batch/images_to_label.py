"""Images that are most worth a label, as a folder on disk."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mnist_growth.batch.results import UNREADABLE
from mnist_growth.batch.spreadsheet import for_spreadsheet
from mnist_growth.machine import atomic_folder, read_json

MOST_USEFUL, CHOICE = "most_useful.csv", "choice.json"

_CSV_NUMBERS = "%.6g"


@dataclass(frozen=True, eq=False)
class ImagesToLabel:
    """Images of a source in the order in which their labels are worth most.

    Attributes:
        ranking: One row per chosen image, the most useful first: ``rank`` from 1, ``file`` (name in the source),
            ``copy`` (name in the folder), ``score``, ``prediction``, ``class_name``, ``confidence``.
        unreadable: One row per image that was skipped: ``name``, ``reason``.
        copies: Names and contents of the copies; they are read while they are written.
        readable: Number of images that were chosen from.
        network_sha256: SHA-256 (hex) of the weights of the network.
    """

    ranking: pd.DataFrame
    unreadable: pd.DataFrame
    copies: Iterable[tuple[str, bytes]]
    readable: int
    network_sha256: str


@dataclass(frozen=True)
class LabelFolder:
    """A folder of images to label.

    Attributes:
        folder: Contains the images, `most_useful.csv`, `unreadable.csv` with the images that were skipped, and
            `choice.json` with the other attributes.
        chosen: Number of images in the folder.
        readable: Number of images that they were chosen from.
        unreadable: Number of images that were skipped.
        network_sha256: SHA-256 (hex) of the weights of the network.
    """

    folder: Path
    chosen: int
    readable: int
    unreadable: int
    network_sha256: str


def write_images_to_label(folder: str | Path, images: ImagesToLabel) -> None:
    """Write the images and their tables. The folder appears in one step when all of them are written.

    Args:
        folder: Folder to create; it must not exist.
        images: What to write.

    Raises:
        ValueError: An image can no longer be read.
        OSError: The folder cannot be written to, or the disk is full.
    """
    choice = {
        "chosen": len(images.ranking),
        "readable": images.readable,
        "unreadable": len(images.unreadable),
        "network_sha256": images.network_sha256,
    }
    with atomic_folder(Path(folder)) as temporary:
        for name, content in images.copies:
            (temporary / name).write_bytes(content)
        ranking, unreadable = for_spreadsheet(images.ranking), for_spreadsheet(images.unreadable)
        ranking.to_csv(temporary / MOST_USEFUL, index=False, float_format=_CSV_NUMBERS)
        unreadable.to_csv(temporary / UNREADABLE, index=False)
        (temporary / CHOICE).write_text(f"{json.dumps(choice)}\n", "utf-8")


def read_images_to_label(folder: str | Path) -> LabelFolder:
    """Open a folder that ``write_images_to_label`` wrote, without reading images and tables.

    Raises:
        ValueError: `choice.json` is damaged.
        OSError: It cannot be read.
    """
    folder = Path(folder)
    path = folder / CHOICE
    try:
        choice = read_json(path)
        chosen, readable, unreadable = (int(choice[name]) for name in ("chosen", "readable", "unreadable"))
        return LabelFolder(folder, chosen, readable, unreadable, str(choice["network_sha256"]))
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path} is damaged; expected chosen, readable, unreadable and network_sha256; delete this version"
        ) from None
