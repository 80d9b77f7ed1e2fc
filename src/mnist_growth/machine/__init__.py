"""What the project runs on: device, memory, files that are written whole or not at all."""

from mnist_growth.machine.device import DeviceName, choose_device
from mnist_growth.machine.files import atomic_path
from mnist_growth.machine.memory import gpu_memory_bytes, peak_rss_bytes, rss_bytes

__all__ = ["DeviceName", "atomic_path", "choose_device", "gpu_memory_bytes", "peak_rss_bytes", "rss_bytes"]
