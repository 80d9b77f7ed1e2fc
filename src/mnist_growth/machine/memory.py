"""Memory that this process uses, in bytes."""

import ctypes
import mmap
import sys
from typing import Any

import psutil
import torch
from numpy.typing import NDArray


def rss_bytes() -> int:
    """Resident set size of this process now, in bytes."""
    return int(psutil.Process().memory_info().rss)


def private_bytes() -> int:
    """Resident memory of this process's own now, in bytes: without the pages of mapped files, which can be dropped."""
    memory = psutil.Process().memory_info()
    return int(memory.rss - getattr(memory, "shared", 0))  # only Linux tells the two apart


def peak_rss_bytes() -> int:
    """Largest resident set size that this process has had, in bytes."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024  # kilobytes on Linux, bytes on macOS
    return max(int(peak) * bytes_per_unit, rss_bytes())


def gpu_memory_bytes(device: torch.device) -> int:
    """Largest memory that torch has allocated on ``device`` so far, in bytes; 0 for the CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if device.type == "mps":
        return torch.mps.current_allocated_memory()
    return 0


def return_freed_memory() -> None:
    """Give memory that was freed back to the system.

    The C library of Linux keeps it for the process otherwise, and so does pyarrow: 20 MB after a small parquet file.
    """
    if (arrow := sys.modules.get("pyarrow")) is not None:
        arrow.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, other C libraries do not
        if trim is not None:
            trim(0)


def forget_pages(array: NDArray[Any]) -> None:
    """Let go of what has been read of a memory map: it is read again where it is needed. Other arrays stay as they are.

    The system would take the pages back when it needs them; until then they count as memory of this process.
    """
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
