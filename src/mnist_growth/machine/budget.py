"""The share of the memory that a training may use."""

import gc
from typing import Annotated

import torch
from pydantic import Field

from mnist_growth.config_model import ConfigModel
from mnist_growth.machine.limits import gpu_memory_limit_bytes, memory_limit_bytes
from mnist_growth.machine.memory import private_bytes, return_freed_memory, rss_bytes


class MemoryConfig(ConfigModel):
    """Group ``memory`` of the parameters: limits of memory use."""

    budget_fraction: Annotated[float, Field(gt=0, le=1)]


class MemoryBudget:
    """A number of bytes, and how much of it is left on the device that computes.

    Attributes:
        bytes: the whole budget.
        overhead: bytes that were in use when the budget was made: on the CPU, the resident memory of the process.
    """

    def __init__(self, fraction: float, device: torch.device) -> None:
        self.device = device
        limit = memory_limit_bytes() if device.type == "cpu" else gpu_memory_limit_bytes(device)
        self.bytes = int(fraction * limit)
        self.overhead = rss_bytes() if device.type == "cpu" else self.used()

    def used(self) -> int:
        """Bytes that the process uses now: its own resident memory, or what torch holds on a GPU."""
        if self.device.type == "cuda":
            return torch.cuda.memory_allocated(self.device)
        if self.device.type == "mps":
            return torch.mps.current_allocated_memory()
        return private_bytes()

    def room(self) -> int:
        """Bytes that are left; negative where more is used than the budget allows."""
        return self.bytes - self.used()

    def collect(self) -> None:
        """Give back to the system what is no longer needed."""
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        else:
            return_freed_memory()


_OUT_OF_MEMORY = ("can't allocate memory", "could not create a primitive", "could not execute a primitive")
"""What torch's allocator says, and oneDNN, the library of its matrix products, where it finds no room for itself."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error reports that memory could not be allocated, on the CPU or a GPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY)
