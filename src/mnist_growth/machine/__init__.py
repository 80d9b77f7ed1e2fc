"""The machine: device, threads, memory, signals and atomic files."""

from mnist_growth.machine.allocations import AllocationMeter
from mnist_growth.machine.budget import MemoryBudget, MemoryConfig, is_out_of_memory
from mnist_growth.machine.description import describe_machine
from mnist_growth.machine.device import DeviceName, choose_device
from mnist_growth.machine.dispatch_mode import DispatchMode
from mnist_growth.machine.files import atomic_folder, atomic_path, publish_folder, remove_empty
from mnist_growth.machine.instructions import vector_instructions
from mnist_growth.machine.interruption import (
    StopRequest,
    Terminated,
    exit_code,
    exit_on_signals,
    raise_for_signal,
    raise_if_signalled,
    raise_on_signals,
    stop_on_request,
    stop_reason,
)
from mnist_growth.machine.json_file import read_json
from mnist_growth.machine.limits import gpu_memory_limit_bytes, memory_limit_bytes
from mnist_growth.machine.memory import (
    gpu_memory_bytes,
    peak_rss_bytes,
    private_bytes,
    release_pages,
    return_freed_memory,
    rss_bytes,
)
from mnist_growth.machine.pending import Pending, ProcessLostError
from mnist_growth.machine.precision import (
    Precision,
    PrecisionName,
    choose_precision,
    configure_tf32,
    limit_primitive_cache,
)
from mnist_growth.machine.process_group import ProcessGroup
from mnist_growth.machine.side_stream import SideStream
from mnist_growth.machine.temporary import folder_in_use, is_in_use, remove_abandoned, temporary_folder
from mnist_growth.machine.threads import (
    MAX_THREADS,
    Threads,
    available_processors,
    default_threads,
    use_threads,
)

__all__ = [
    "MAX_THREADS",
    "AllocationMeter",
    "DeviceName",
    "DispatchMode",
    "MemoryBudget",
    "MemoryConfig",
    "Pending",
    "Precision",
    "PrecisionName",
    "ProcessGroup",
    "ProcessLostError",
    "SideStream",
    "StopRequest",
    "Terminated",
    "Threads",
    "atomic_folder",
    "atomic_path",
    "available_processors",
    "choose_device",
    "choose_precision",
    "configure_tf32",
    "default_threads",
    "describe_machine",
    "exit_code",
    "exit_on_signals",
    "folder_in_use",
    "gpu_memory_bytes",
    "gpu_memory_limit_bytes",
    "is_in_use",
    "is_out_of_memory",
    "limit_primitive_cache",
    "memory_limit_bytes",
    "peak_rss_bytes",
    "private_bytes",
    "publish_folder",
    "raise_for_signal",
    "raise_if_signalled",
    "raise_on_signals",
    "read_json",
    "release_pages",
    "remove_abandoned",
    "remove_empty",
    "return_freed_memory",
    "rss_bytes",
    "stop_on_request",
    "stop_reason",
    "temporary_folder",
    "use_threads",
    "vector_instructions",
]
