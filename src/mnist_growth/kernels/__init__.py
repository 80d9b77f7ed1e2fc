"""Kernels for NVIDIA GPUs, written in Triton, for work that takes many small kernels of torch.

Each does what a few lines of torch in another module do, up to rounding, and is tested against these lines. Modules of
this package import Triton, which is installed along with torch for CUDA, so they are imported only where
``are_usable`` says so.
"""

from mnist_growth.kernels.usable import are_usable

__all__ = ["are_usable"]
