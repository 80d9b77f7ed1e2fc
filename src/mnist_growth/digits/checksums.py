"""Digests recorded on first use, in the format of the command `sha256sum`."""

import re
from pathlib import Path

from mnist_growth.machine.files import atomic_path

_LINE = re.compile(r"([0-9a-f]{64})[ ][ *](\S+)")


def read_checksums(path: Path) -> dict[str, str]:
    """Return the SHA-256 (hex) of each listed file by name; empty if the list does not exist.

    Raises:
        ValueError: A line is not a digest, two spaces and a file name.
        OSError: The file cannot be read.
    """
    if not path.exists():
        return {}
    checksums = {}
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(
                f"Line {number} of {path} is invalid, expected a SHA-256 digest, two spaces and a file name: "
                "correct it, or delete the file to record the digests again"
            )
        checksums[match[2]] = match[1]
    return checksums


def write_checksums(path: Path, checksums: dict[str, str]) -> None:
    """Write the SHA-256 (hex) of each file by name, atomically.

    Raises:
        OSError: The folder cannot be written to, or the disk is full.
    """
    lines = [f"{digest}  {name}\n" for name, digest in sorted(checksums.items())]
    with atomic_path(path) as temporary:
        temporary.write_text("".join(lines), "utf-8")
