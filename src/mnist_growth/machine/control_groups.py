"""The control groups of Linux that this process is in."""

from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def control_groups(
    controller: str, cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP
) -> Iterator[tuple[int, Path]]:
    """Folders of the groups of this process, and of the groups around them, each with its version, 1 or 2.

    Args:
        controller: what is controlled: "memory", "cpu".
        cgroups: where the control groups are mounted.
        membership: the groups of this process, as Linux lists them; missing on other systems.
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            version, root = 2, cgroups
        elif controller in controllers.split(","):
            version, root = 1, cgroups / controller
        else:
            continue
        folder = root / group.lstrip("/")
        # Inside a container the group's path may be that of the host: the folders that are there still count.
        for candidate in (folder, *folder.parents):
            if candidate == root or root in candidate.parents:
                yield version, candidate
