"""The smallest kernel, which shows whether Triton works."""

import torch
import triton
import triton.language as tl


def run_trial(device: torch.device) -> None:
    """Compile and run a kernel.

    Raises:
        RuntimeError: It computes something else.
    """
    number = torch.zeros(1, device=device)
    _increment[(1,)](number)
    if number.item() != 1:
        raise RuntimeError(f"a kernel that adds 1 to 0 gives {number.item()}")


@triton.jit
def _increment(number):
    tl.store(number, tl.load(number) + 1)
