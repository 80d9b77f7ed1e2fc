"""Linux control groups of this process."""

from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def control_groups(
    controller: str, cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP
) -> Iterator[tuple[int, Path]]:
    """Yield the folders of the groups of this process and of all groups above them, each with its version, 1 or 2.

    Args:
        controller: Name of the controller, "memory" or "cpu".
        cgroups: Mount point of the control groups.
        membership: File in which Linux lists the groups of this process; it is missing on other systems.
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
        # Inside a container the path of the group may be that on the host: use the folders that exist.
        for candidate in (folder, *folder.parents):
            if candidate == root or root in candidate.parents:
                yield version, candidate
