"""The device that a computation runs on."""

from typing import Literal

import torch

DeviceName = Literal["auto", "cpu", "cuda", "mps"]


def choose_device(name: DeviceName = "auto") -> torch.device:
    """Turn the name of a device into a torch device that is present.

    Args:
        name: ``auto`` takes CUDA, then MPS (Apple), then the CPU.

    Raises:
        ValueError: the device asked for is unknown or not present on this machine.
    """
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(device for device, is_present in present.items() if is_present))
    if name not in present:
        raise ValueError(f"device is {name!r}; expected auto, cpu, cuda or mps")
    if not present[name]:
        found = ", ".join(device for device, is_present in present.items() if is_present)
        raise ValueError(f"device is {name!r}, but this machine only has {found}: choose one of them or auto")
    return torch.device(name)
