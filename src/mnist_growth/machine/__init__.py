"""What the project runs on: device, memory, signals, files that are written whole or not at all."""

from mnist_growth.machine.device import DeviceName, choose_device
from mnist_growth.machine.files import atomic_path
from mnist_growth.machine.interruption import StopRequest, Terminated, raise_for, stop_on_request
from mnist_growth.machine.memory import gpu_memory_bytes, peak_rss_bytes, rss_bytes

__all__ = [
    "DeviceName",
    "StopRequest",
    "Terminated",
    "atomic_path",
    "choose_device",
    "gpu_memory_bytes",
    "peak_rss_bytes",
    "raise_for",
    "rss_bytes",
    "stop_on_request",
]
