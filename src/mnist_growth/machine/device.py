"""Choice of the device."""

from typing import Literal

import torch

DeviceName = Literal["auto", "cpu", "cuda", "mps"]


def choose_device(name: DeviceName = "auto") -> torch.device:
    """Return the torch device of this name.

    Args:
        name: Name of a device; ``auto`` is the first available one of CUDA, MPS (Apple) and CPU.

    Raises:
        ValueError: The device is unknown or not available on this machine.
    """
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(device for device, is_present in present.items() if is_present))
    if name not in present:
        raise ValueError(f"Parameter 'device' is {name!r}; expected auto, cpu, cuda or mps.")
    if not present[name]:
        found = ", ".join(device for device, is_present in present.items() if is_present)
        raise ValueError(f"Parameter 'device' is {name!r}, but this machine has only {found}; choose one of them.")
    return torch.device(name)
