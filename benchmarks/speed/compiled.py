"""A network with its normalisations folded into its matrices, and what the compilers of PyTorch make of it."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch._inductor import aoti_compile_and_package, aoti_load_package

from benchmarks.speed.network_forms import Answer
from mnist_growth.network import FoldedChain, Network

LARGEST_BATCH = 4096


class Folded(nn.Module):
    """`FoldedChain` as a module, which a compiler can take.

    Args:
        chain: The chain of the network.
    """

    def __init__(self, chain: FoldedChain) -> None:
        super().__init__()
        self._chain = chain

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float32 [N, 10], of images, uint8 [N, 28, 28]."""
        return self._chain(images.float())


def compiled_forms(network: Network) -> dict[str, Answer]:
    """Return the folded network, compiled in advance (AOTInductor), at run time, and not; each for any batch size.

    Args:
        network: A chain of affine maps and relu. Without a C++ compiler only the form that is not compiled is there.
    """
    chain = network.affine_chain()
    assert chain is not None
    folded = Folded(FoldedChain(chain)).eval()
    forms: dict[str, Callable[[Tensor], Tensor]] = {"folded": folded}
    if shutil.which("g++") or shutil.which("clang++"):
        torch.compiler.reset()  # what was compiled for another number of threads
        forms["compile"] = torch.compile(folded, dynamic=True)
        forms["AOTInductor"] = _compiled_in_advance(folded)
    return {name: _answer(form) for name, form in forms.items()}


def _compiled_in_advance(module: nn.Module) -> Callable[[Tensor], Tensor]:
    examples = (torch.zeros(4, 28, 28, dtype=torch.uint8),)
    batch = torch.export.Dim("batch", min=1, max=LARGEST_BATCH)
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        program = torch.export.export(module, examples, dynamic_shapes=({0: batch},))
        package = aoti_compile_and_package(program, package_path=str(Path(folder) / "network.pt2"))
        loaded: Callable[[Tensor], Tensor] = aoti_load_package(package)
    return loaded


def _answer(form: Callable[[Tensor], Tensor]) -> Answer:
    @torch.inference_mode()
    def answer(images: NDArray[np.uint8]) -> Tensor:
        return form(torch.from_numpy(images))

    return answer
