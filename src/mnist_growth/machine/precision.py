"""Number format of the matrix products of a training."""

import os
from typing import Literal

import torch

Precision = Literal["float32", "tf32", "bfloat16"]
PrecisionName = Literal["auto", "float32", "tf32", "bfloat16"]


def choose_precision(name: PrecisionName, device: torch.device) -> Precision:
    """Return the format of this name; ``auto`` is bfloat16 if the device has instructions for it, otherwise float32.

    The choice depends on the reported features of the device, not on a measurement, so that results are reproducible.

    Args:
        name: Name of a format, or ``auto``.
        device: Device of the training.
    """
    if name != "auto":
        return name
    return "bfloat16" if _multiplies_bfloat16(device) else "float32"


def configure_tf32(precision: PrecisionName) -> None:
    """Enable TF32 (float32 products with a 10-bit mantissa) on GPUs for the whole process if the format is ``tf32``.

    On a CPU ``tf32`` is the same as float32.
    """
    torch.backends.cuda.matmul.fp32_precision = "tf32" if precision == "tf32" else "ieee"


def limit_primitive_cache(hidden_layers: int) -> None:
    """Limit the number of compiled matrix products that oneDNN caches (1,024 by default), unless the user has set it.

    oneDNN compiles a bfloat16 product for each shape, and those for earlier widths of a growing network would remain in
    memory. The limit has no effect after the first computation of oneDNN.

    Args:
        hidden_layers: Number of hidden layers. An update of L layers needs 3 L + 2 products, or twice as many if the
            micro-batches have two sizes.
    """
    if "DNNL_PRIMITIVE_CACHE_CAPACITY" not in os.environ:  # older name
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(8 * (hidden_layers + 1)))


def _multiplies_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        has = torch.cpu.get_capabilities()
        return bool(has.get("avx512_bf16") or has.get("amx_bf16"))
    return False
