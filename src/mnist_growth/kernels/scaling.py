"""Numbers multiplied, shifted and rounded to another format, in one kernel."""

import torch
import triton
import triton.language as tl
from torch import Tensor

SIZE = 1024  # numbers per program


def scaled(numbers: Tensor, scale: Tensor, shift: Tensor, dtype: torch.dtype) -> Tensor:
    """Return x * scale + shift, of the shape of x.

    Args:
        numbers: x, uint8 or float, contiguous.
        scale: float32 scalar.
        shift: float32 scalar.
        dtype: Of the result.
    """
    results = torch.empty(numbers.shape, dtype=dtype, device=numbers.device)
    count = numbers.numel()
    _scaled[(triton.cdiv(count, SIZE),)](numbers, results, scale, shift, count, SIZE=SIZE, num_warps=4)
    return results


@triton.jit
def _scaled(numbers, results, scale, shift, count, SIZE: tl.constexpr):
    index = tl.program_id(0) * SIZE + tl.arange(0, SIZE)
    inside = index < count
    number = tl.load(numbers + index, mask=inside, other=0).to(tl.float32)
    result = number * tl.load(scale) + tl.load(shift)
    tl.store(results + index, result.to(results.dtype.element_ty), mask=inside)
