"""The hardware and the package versions that a benchmark ran with."""

import platform
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil
import torch

from mnist_growth.machine import describe_machine

PACKAGES = (
    *("torch", "numpy", "kedro", "mlflow", "scikit-learn", "onnxruntime"),
    *("gromo", "keras", "litserve", "schemathesis"),
)

VECTOR_SETS = ("amx", "avx", "fma", "neon", "sve")
"""What the names of instruction sets that matter for matrix products begin with."""


def describe(*, rounds: int = 5) -> dict[str, Any]:
    """Describe processor, memory and package versions, and measure the rate of float32 matrix products.

    Args:
        rounds: Number of measurements of the rate; the best one counts.
    """
    return {
        "processor": describe_machine()["processor"],
        "instruction_sets": instruction_sets(),
        "physical_cores": psutil.cpu_count(logical=False),
        "logical_cpus": psutil.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": installed_versions(),
        "matmul_gflops": round(matmul_gflops(rounds=rounds), 1),
    }


def instruction_sets() -> list[str]:
    """Return the vector and matrix instruction sets of the processor."""
    capabilities = torch.cpu.get_capabilities()
    return sorted(name for name, value in capabilities.items() if value is True and name.startswith(VECTOR_SETS))


def installed_versions() -> dict[str, str]:
    """Version of each package that matters for a benchmark and is installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def matmul_gflops(size: int = 512, repeats: int = 200, rounds: int = 5) -> float:
    """Measure the rate of float32 products [size, size] x [size, size] on the CPU.

    Returns:
        The best rate of all rounds, in 10^9 operations per second.
    """
    left, right = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(rounds + 1):  # the first round warms up
        started = time.perf_counter()
        for _ in range(repeats):
            left @ right
        best = min(best, (time.perf_counter() - started) / repeats)
    return 2 * size**3 / best / 1e9
