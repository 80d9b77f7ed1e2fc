"""The amount of memory that a training may use."""

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
    """A limit of memory use on a device.

    Attributes:
        bytes: The limit, in bytes.
        overhead: Bytes in use when the budget was created; on the CPU, the resident memory of the process.
    """

    def __init__(self, fraction: float, device: torch.device) -> None:
        self.device = device
        limit = memory_limit_bytes() if device.type == "cpu" else gpu_memory_limit_bytes(device)
        self.bytes = int(fraction * limit)
        self.overhead = rss_bytes() if device.type == "cpu" else self.used()

    def used(self) -> int:
        """Return the bytes in use: private resident memory, or on a GPU the memory that torch has allocated."""
        if self.device.type == "cuda":
            return torch.cuda.memory_allocated(self.device)
        if self.device.type == "mps":
            return torch.mps.current_allocated_memory()
        return private_bytes()

    def available(self) -> int:
        """Return the bytes that are left; negative if the budget is exceeded."""
        return self.bytes - self.used()

    def collect(self) -> None:
        """Return unused memory to the system."""
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        else:
            return_freed_memory()


_OUT_OF_MEMORY = ("can't allocate memory", "could not create a primitive", "could not execute a primitive")
"""Parts of the messages with which torch's allocator and oneDNN, the library of its matrix products, report this."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error reports that memory could not be allocated, on the CPU or a GPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY)
