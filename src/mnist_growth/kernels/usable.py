"""Whether the kernels run on a device."""

import functools
import logging
import os
from importlib.util import find_spec

import torch

logger = logging.getLogger(__name__)

VARIABLE = "MNIST_GROWTH_KERNELS"
"""Environment variable; 0 makes a GPU compute with torch's own kernels."""


@functools.lru_cache
def are_usable(device: torch.device) -> bool:
    """Return whether the kernels run on a device: an NVIDIA GPU, with Triton and a compiler for C.

    If a GPU is there but a small kernel does not run, this is logged once.
    """
    if device.type != "cuda" or torch.version.hip is not None or os.environ.get(VARIABLE) == "0":
        return False
    if find_spec("triton") is None:
        logger.warning("Triton is not installed: the GPU computes with torch's own kernels, which takes longer.")
        return False
    from mnist_growth.kernels.trial import run_trial

    try:
        run_trial(device)
    except Exception as error:  # Triton does not say what it raises: no compiler, no headers of Python, an old GPU
        logger.warning(
            "Triton compiles no kernel (%s): the GPU computes with torch's own kernels, which takes longer.",
            str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__,
        )
        return False
    return True
