"""The number format that the matrix products of a training are computed in."""

import os
from typing import Literal

import torch

Precision = Literal["float32", "tf32", "bfloat16"]
PrecisionName = Literal["auto", "float32", "tf32", "bfloat16"]


def choose_precision(name: PrecisionName, device: torch.device) -> Precision:
    """Turn ``auto`` into a format that the device has instructions for.

    Args:
        name: ``auto`` takes bfloat16 where the device multiplies it faster than float32, by what the device says of
            itself and not by a measurement, so that the same machine always computes the same; float32 elsewhere.
        device: that computes.
    """
    if name != "auto":
        return name
    return "bfloat16" if _multiplies_bfloat16(device) else "float32"


def prepare_tf32(precision: PrecisionName) -> None:
    """Let float32 products on a GPU keep 10 bits of their mantissa if the format is ``tf32``, for the whole process.

    On a CPU ``tf32`` is plain float32.
    """
    torch.backends.cuda.matmul.fp32_precision = "tf32" if precision == "tf32" else "ieee"


def bound_compiled_products(hidden_layers: int) -> None:
    """Let oneDNN keep few of the products that it has compiled, instead of 1,024, unless the user has said otherwise.

    It compiles the products of bfloat16 anew for each shape, and those of widths that a network has grown out of would
    stay in memory. Without effect once oneDNN has computed.

    Args:
        hidden_layers: of the network. An update of L layers takes 3 L + 2 products, and once more as many where the
            pieces of a batch have two sizes.
    """
    if "DNNL_PRIMITIVE_CACHE_CAPACITY" not in os.environ:  # the older name of the same
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(8 * (hidden_layers + 1)))


def _multiplies_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        has = torch.cpu.get_capabilities()
        return bool(has.get("avx512_bf16") or has.get("amx_bf16"))
    return False
