"""What the project runs on: device, threads, memory, signals, atomic files."""

from mnist_growth.machine.allocations import AllocationMeter
from mnist_growth.machine.budget import MemoryBudget, MemoryConfig, is_out_of_memory
from mnist_growth.machine.description import describe_machine
from mnist_growth.machine.device import DeviceName, choose_device
from mnist_growth.machine.files import atomic_folder, atomic_path, publish_folder, remove_empty
from mnist_growth.machine.interruption import (
    StopRequest,
    Terminated,
    leave_on_signals,
    raise_for,
    raise_on_signals,
    stop_on_request,
    stop_reason,
)
from mnist_growth.machine.limits import gpu_memory_limit_bytes, memory_limit_bytes
from mnist_growth.machine.memory import (
    forget_pages,
    gpu_memory_bytes,
    peak_rss_bytes,
    private_bytes,
    return_freed_memory,
    rss_bytes,
)
from mnist_growth.machine.precision import (
    Precision,
    PrecisionName,
    bound_compiled_products,
    choose_precision,
    prepare_tf32,
)
from mnist_growth.machine.temporary import folder_in_use, is_in_use, remove_abandoned, temporary_folder
from mnist_growth.machine.threads import (
    MOST_THREADS,
    Threads,
    available_processors,
    computing_with,
    default_threads,
)

__all__ = [
    "MOST_THREADS",
    "AllocationMeter",
    "DeviceName",
    "MemoryBudget",
    "MemoryConfig",
    "Precision",
    "PrecisionName",
    "StopRequest",
    "Terminated",
    "Threads",
    "atomic_folder",
    "atomic_path",
    "available_processors",
    "bound_compiled_products",
    "choose_device",
    "choose_precision",
    "computing_with",
    "default_threads",
    "describe_machine",
    "folder_in_use",
    "forget_pages",
    "gpu_memory_bytes",
    "gpu_memory_limit_bytes",
    "is_in_use",
    "is_out_of_memory",
    "leave_on_signals",
    "memory_limit_bytes",
    "peak_rss_bytes",
    "prepare_tf32",
    "private_bytes",
    "publish_folder",
    "raise_for",
    "raise_on_signals",
    "remove_abandoned",
    "remove_empty",
    "return_freed_memory",
    "rss_bytes",
    "stop_on_request",
    "stop_reason",
    "temporary_folder",
]
