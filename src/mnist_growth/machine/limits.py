"""Limits of the memory that this process may use, in bytes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import torch

from mnist_growth.machine.control_groups import CGROUPS, MEMBERSHIP, control_groups


def memory_limit_bytes(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Return the smaller of the physical memory and the limits of the control groups of this process.

    Version 1 of control groups writes "no limit" as 9223372036854771712, which is more than any machine has, version 2
    as ``max``.

    Args:
        cgroups: Mount point of the control groups.
        membership: File in which Linux lists the groups of this process; it is missing on other systems.
    """
    limits = [int(text) for text in _limits(cgroups, membership) if text.isdigit()]
    return min([psutil.virtual_memory().total, *limits])


def gpu_memory_limit_bytes(device: torch.device) -> int:
    """Return the memory of a GPU that is free or already reserved by this process; 0 for the CPU."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device)
    if device.type == "mps":
        return torch.mps.recommended_max_memory()
    return 0


def _limits(cgroups: Path, membership: Path) -> Iterator[str]:
    """Contents of the limit files of all groups of this process and of the groups above them."""
    for version, group in control_groups("memory", cgroups, membership):
        with contextlib.suppress(OSError):
            yield (group / ("memory.max" if version == 2 else "memory.limit_in_bytes")).read_text().strip()
