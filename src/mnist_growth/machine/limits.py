"""How much memory this process may use, in bytes."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import torch

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def memory_limit_bytes(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """The smaller of the physical memory and the limits of the control groups that this process is in.

    Version 1 of the control groups writes "no limit" as 9223372036854771712, version 2 as ``max``; both are more than
    any machine has.

    Args:
        cgroups: where the control groups are mounted.
        membership: the groups of this process, as Linux lists them; missing on other systems.
    """
    limits = [int(text) for text in _limits(cgroups, membership) if text.isdigit()]
    return min([psutil.virtual_memory().total, *limits])


def gpu_memory_limit_bytes(device: torch.device) -> int:
    """Memory of a GPU that this process may use: what is free and what it holds already; 0 for the CPU."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device)
    if device.type == "mps":
        return torch.mps.recommended_max_memory()
    return 0


def _limits(cgroups: Path, membership: Path) -> Iterator[str]:
    """What the files of all groups of this process, and of the groups around them, say."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            root, name = cgroups, "memory.max"  # version 2
        elif "memory" in controllers.split(","):
            root, name = cgroups / "memory", "memory.limit_in_bytes"  # version 1
        else:
            continue
        folder = root / group.lstrip("/")
        # Inside a container the group's path may be that of the host: the folders that are there still count.
        for candidate in (folder, *folder.parents):
            if candidate == root or root in candidate.parents:
                try:
                    yield (candidate / name).read_text().strip()
                except OSError:
                    continue
