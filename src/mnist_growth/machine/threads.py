"""How many threads compute."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field

from mnist_growth.machine.control_groups import CGROUPS, MEMBERSHIP, control_groups

MOST_THREADS = 1024
Threads = Annotated[int, Field(strict=True, ge=1, le=MOST_THREADS)] | None
"""A number of threads; None for as many as there are processors for this process."""


def available_processors(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> int:
    """Processors that this process may run on, and no more than the quota of its control groups pays for.

    Of a quota of 2.5 processors 2 count: threads that wait for each other by spinning are slower, not faster, when
    there are more of them than processors.

    Args:
        cgroups: where the control groups are mounted.
        membership: the groups of this process, as Linux lists them; missing on other systems.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([affinity, *(int(quota) for quota in _quotas(cgroups, membership))]))


def default_threads() -> int:
    """As many as torch would take by itself, which OMP_NUM_THREADS can lower, but no more than there are processors."""
    return min(torch.get_num_threads(), available_processors())


@contextlib.contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Compute with a number of threads, and afterwards with as many as before.

    The number decides in which order numbers are added up: results repeat bit for bit only with the same one.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _quotas(cgroups: Path, membership: Path) -> Iterator[float]:
    """Quotas of all groups of this process, and of the groups around them, in processors."""
    for version, group in control_groups("cpu", cgroups, membership):
        try:
            if version == 2:
                quota, period = (group / "cpu.max").read_text().split()
            else:
                quota, period = ((group / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        except (OSError, ValueError):
            continue
        if quota.isdigit() and period.isdigit() and int(period):  # neither "max" nor -1, which is no limit
            yield int(quota) / int(period)
