"""Memory that this process uses, in bytes."""

import ctypes
import mmap
import sys
from typing import Any

import psutil
import torch
from numpy.typing import NDArray


def rss_bytes() -> int:
    """Return the current resident set size of this process, in bytes."""
    return int(psutil.Process().memory_info().rss)


def private_bytes() -> int:
    """Return the current resident memory of this process without the pages of memory-mapped files, in bytes."""
    memory = psutil.Process().memory_info()
    return int(memory.rss - getattr(memory, "shared", 0))  # only Linux reports shared pages


def peak_rss_bytes() -> int:
    """Return the peak resident set size of this process, in bytes."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024  # kilobytes on Linux, bytes on macOS
    return max(int(peak) * bytes_per_unit, rss_bytes())


def gpu_memory_bytes(device: torch.device) -> int:
    """Return the peak memory that torch has allocated on ``device``, in bytes; 0 for the CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if device.type == "mps":
        return torch.mps.current_allocated_memory()
    return 0


def return_freed_memory() -> None:
    """Return freed memory to the system.

    Otherwise the C library on Linux and pyarrow keep it for the process: pyarrow 20 MB after a small parquet file.
    """
    if (arrow := sys.modules.get("pyarrow")) is not None:
        arrow.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # only in glibc
        if trim is not None:
            trim(0)


def release_pages(array: NDArray[Any]) -> None:
    """Release the pages of a memory-mapped array; they are read again when needed. Other arrays are not changed.

    The system releases them only when it needs memory; until then they count as memory of this process.
    """
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
