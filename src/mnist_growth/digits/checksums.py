"""Digests recorded at first use, in the format of the command `sha256sum`."""

import re
from pathlib import Path

from mnist_growth.machine.files import atomic_path

_LINE = re.compile(r"([0-9a-f]{64})[ ][ *](\S+)")


def read_checksums(path: Path) -> dict[str, str]:
    """Return the SHA-256 (hex) of each file listed, by name; empty if there is no list yet.

    Raises:
        ValueError: A line is not a digest, two spaces and a name.
        OSError: The file cannot be read.
    """
    if not path.exists():
        return {}
    checksums = {}
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(
                f"Line {number} of {path} is not a SHA-256 digest, two spaces and a file name: "
                "correct it or delete the file to record the digests anew"
            )
        checksums[match[2]] = match[1]
    return checksums


def write_checksums(path: Path, checksums: dict[str, str]) -> None:
    """Write the SHA-256 (hex) of each file, by name; the list is there whole or not at all.

    Raises:
        OSError: The folder cannot be written to, or the disk is full.
    """
    lines = [f"{digest}  {name}\n" for name, digest in sorted(checksums.items())]
    with atomic_path(path) as temporary:
        temporary.write_text("".join(lines), "utf-8")
