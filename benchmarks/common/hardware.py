"""What a benchmark ran on, for the record beside its numbers."""

import platform
import time
from importlib.metadata import version
from typing import Any

import psutil
import torch

PACKAGES = ("torch", "numpy", "kedro", "mlflow", "scikit-learn")


def describe() -> dict[str, Any]:
    """Processor, threads, memory, versions, and the float32 matmul rate measured now."""
    return {
        "processor": _processor(),
        "logical_cpus": psutil.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": {package: version(package) for package in PACKAGES},
        "matmul_gflops": round(matmul_gflops(), 1),
    }


def matmul_gflops(size: int = 512, repeats: int = 200, rounds: int = 5) -> float:
    """Rate of float32 products [size, size] x [size, size], in 10^9 operations a second: the best of some rounds."""
    left, right = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(rounds + 1):  # the first round warms up
        started = time.perf_counter()
        for _ in range(repeats):
            left @ right
        best = min(best, (time.perf_counter() - started) / repeats)
    return 2 * size**3 / best / 1e9


def _processor() -> str:
    """Name of the processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf8") as file:  # noqa: PTH123
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
