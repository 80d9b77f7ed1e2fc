"""Number of CPU threads."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field

from mnist_growth.machine.control_groups import CGROUPS, MEMBERSHIP, control_groups

MAX_THREADS = 1024
Threads = Annotated[int, Field(strict=True, ge=1, le=MAX_THREADS)] | None
"""Number of threads; None for the number of processors available to this process."""


def available_processors(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Return the number of processors that affinity and the quotas of the control groups allow this process.

    A quota of 2.5 processors counts as 2: threads spin while they wait for each other, so more threads than processors
    are slower.

    Args:
        cgroups: Mount point of the control groups.
        membership: File in which Linux lists the groups of this process; it is missing on other systems.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([affinity, *(int(quota) for quota in _quotas(cgroups, membership))]))


def default_threads() -> int:
    """Return torch's default, which OMP_NUM_THREADS can lower, limited to the available processors."""
    return min(torch.get_num_threads(), available_processors())


@contextlib.contextmanager
def use_threads(threads: int) -> Iterator[None]:
    """Use this number of threads inside the context.

    The number of threads determines the order of summation, so results are identical, bit for bit, only for the same
    number.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _quotas(cgroups: Path, membership: Path) -> Iterator[float]:
    """Quotas of all groups of this process and of the groups above them, in processors."""
    for version, group in control_groups("cpu", cgroups, membership):
        try:
            if version == 2:
                quota, period = (group / "cpu.max").read_text().split()
            else:
                quota, period = ((group / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        except (OSError, ValueError):
            continue
        if quota.isdigit() and period.isdigit() and int(period):  # not "max" or -1, which mean no limit
            yield int(quota) / int(period)
