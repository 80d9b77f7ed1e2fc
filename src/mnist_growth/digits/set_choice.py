"""Choose one of several data sets in a folder or a zip archive, by what the names of its IDX files begin with."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from mnist_growth.digits.zip_file import ZipFiles

IDX_NAME = re.compile(r"(?P<prefix>.*?)(?P<part>train|t10k|test)-(?P<what>images-idx3|labels-idx1)-ubyte")
"""Name of an IDX file, with a dash before idx."""


def idx_prefix(name: str) -> str | None:
    """Return what stands before train or test in the name of an IDX file; None for other files."""
    match = IDX_NAME.match(name.replace(".idx", "-idx"))
    return match["prefix"] if match else None


def chosen_set(path: Path) -> tuple[Path, str | None]:
    """Split a path such as `gzip/emnist-letters-*` into the folder or archive and the prefix of the files in it.

    Args:
        path: A folder or file; or a folder or zip archive, followed by the beginning of the names of some of its files.
            A `*` at the end and folders in the archive are optional.

    Returns:
        The folder or file, and the prefix of the chosen set; None if the path names no set in it.

    Raises:
        ValueError: There is no such set in an archive, or there are several.
    """
    container, start = path.parent, path.name.rstrip("*")
    while not container.exists() and container != container.parent:
        container = container.parent
    if container.is_dir():  # only a zip archive may have folders of its own in between
        container = path.parent
    if path.exists() or not start or not (container.is_dir() or container.is_file()):
        return path, None
    names: Iterable[str]
    if container.is_dir():
        names = [entry.name for entry in container.iterdir() if entry.is_file()]
    else:
        names = [PurePosixPath(name).name for name in ZipFiles(container).names]
    prefixes = sorted({prefix for name in names if (prefix := idx_prefix(name)) is not None})
    matching = [prefix for prefix in prefixes if prefix.startswith(start)]
    if len(matching) == 1:
        return container, matching[0]
    if matching or container.is_file() or path.name != start:
        found = "several" if matching else "no"
        raise ValueError(
            f"{container} contains {found} data sets whose names begin with {start}, expected one; it contains "
            f"{', '.join(prefixes) or 'none'}"
        )
    return path, None
