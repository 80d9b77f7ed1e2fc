"""Control groups of a process, as files in a folder."""

from collections.abc import Mapping
from pathlib import Path


def control_groups(folder: Path, membership: str, files: Mapping[str, object]) -> tuple[Path, Path]:
    """Write the files of control groups and the list of groups that a process is in.

    Args:
        folder: An empty folder.
        membership: Content of `/proc/self/cgroup`.
        files: Contents of files by their paths below `/sys/fs/cgroup`.

    Returns:
        What stands for `/sys/fs/cgroup` and for `/proc/self/cgroup`.
    """
    for name, content in files.items():
        path = folder / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    groups = folder / "membership"
    groups.write_text(membership)
    return folder / "cgroup", groups
