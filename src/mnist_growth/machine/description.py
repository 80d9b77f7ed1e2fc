"""Description of the machine for the report of a run."""

import os
import platform
from pathlib import Path

import psutil
import torch

from mnist_growth.machine.limits import memory_limit_bytes

CPU_INFO = Path("/proc/cpuinfo")


def describe_machine(cpu_info: Path = CPU_INFO) -> dict[str, str]:
    """Return processor, cores, threads, memory and system by name.

    Args:
        cpu_info: File in which Linux names the processor; it is missing on other systems.
    """
    return {
        "processor": _processor(cpu_info),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else psutil.cpu_count()),
        "torch threads": str(torch.get_num_threads()),
        "memory": f"{memory_limit_bytes() / 1e9:.1f} GB",
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor(cpu_info: Path) -> str:
    """Name of the processor."""
    try:
        lines = cpu_info.read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
